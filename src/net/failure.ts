/** What the runtime says when a request fails, in words that hold no address, query or credential. */

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/refused|ECONNREFUSED/i, "connection refused"],
  [/dns error|failed to lookup|ENOTFOUND|EAI_/i, "the name does not resolve"],
  [/certificate|self.signed|ERR_TLS|UNABLE_TO|altname/i, "the certificate is not trusted"],
  [
    /reset|ECONNRESET|broken pipe|EPIPE|closed before|connection closed|incomplete|reading a body/i,
    "the connection was cut",
  ],
  [/unreachable|EHOSTUNREACH|ENETUNREACH|no route/i, "no route"],
  [/blocked/i, "the port is not allowed"],
  [/tls|ssl|handshake|corrupt message/i, "the TLS handshake failed"],
];

/** The reason of a failed request in a few words. */
export function explainFailure(error: unknown): string {
  if (isTimeout(error)) return "no answer in time";
  const text = error instanceof Error
    ? `${error.message} ${(error as { code?: string }).code ?? ""} ${String(error.cause ?? "")}`
    : "";
  return REASONS.find(([pattern]) => pattern.test(text))?.[1] ?? "the connection failed";
}

/** Whether a request failed by its time limit. */
export function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
