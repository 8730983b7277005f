/** Turns the runtime's errors into texts without addresses, queries and credentials. */

/** Texts of rustls for a certificate outside its validity period; the number is Unix time. */
const TIMES: readonly (readonly [RegExp, string])[] = [
  [/not valid after (\d+)/, "the certificate expired at"],
  [/not valid before (\d+)/, "the certificate is valid only from"],
];

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/refused|ECONNREFUSED/i, "connection refused"],
  [/dns error|failed to lookup|ENOTFOUND|EAI_/i, "the name does not resolve"],
  [/CERT_HAS_EXPIRED|certificate (has )?expired/i, "the certificate has expired"],
  [/CERT_NOT_YET_VALID|certificate (is )?not (yet valid|valid yet)/i, "the certificate is not valid yet"],
  [/not valid for name|NotValidForName|altname/i, "the certificate is for another name"],
  [/certificate|self.signed|ERR_TLS|UNABLE_TO/i, "the certificate is not trusted"],
  [
    /reset|ECONNRESET|broken pipe|EPIPE|closed before|connection closed|incomplete|reading a body/i,
    "the connection was cut",
  ],
  [/unreachable|EHOSTUNREACH|ENETUNREACH|no route/i, "no route"],
  [/blocked/i, "the port is not allowed"],
  [/tls|ssl|handshake|corrupt message/i, "the TLS handshake failed"],
];

/** Returns the reason for a failed request in a few words. */
export function explainFailure(error: unknown): string {
  if (isTimeout(error)) return "no answer in time";
  const text = error instanceof Error
    ? `${error.message} ${(error as { code?: string }).code ?? ""} ${String(error.cause ?? "")}`
    : "";
  for (const [pattern, words] of TIMES) {
    const second = pattern.exec(text)?.[1];
    if (second !== undefined) {
      return `${words} ${new Date(Number(second) * 1000).toISOString().slice(0, 19)}Z`;
    }
  }
  return REASONS.find(([pattern]) => pattern.test(text))?.[1] ?? "the connection failed";
}

/** Whether a request timed out. */
export function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
