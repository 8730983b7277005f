/** `http:` and `https:` checks: another server decides (docs/reference/policy.md §3.2). */
import { fail } from "../errors.ts";
import type { OutboundFetch } from "../net/outbound.ts";
import { credentials } from "./credentials.ts";
import type { PolicyTarget } from "./enforcer.ts";
import type { Question } from "./evaluate.ts";

/** Options `[oslo_policy] remote_*`. */
export interface RemoteOptions {
  contentType: "application/x-www-form-urlencoded" | "application/json";
  /** Milliseconds for the whole exchange. */
  timeoutMs: number;
}

/** The answer should be `True`; of a longer one only the start is read. */
const MAX_ANSWER_BYTES = 4096;

/**
 * Asks the server at the question's URL whether the caller passes the rule on the target: only the body `True` means
 * yes. Rejects `internal` when the server does not answer in time or the guard refuses the host.
 */
export async function askServer(
  outbound: OutboundFetch,
  options: RemoteOptions,
  question: Question,
): Promise<boolean> {
  const parsed = URL.parse(question.url);
  if (parsed === null) return false;
  const data = {
    rule: question.rule,
    target: expand(question.target),
    credentials: credentials(question.caller),
  };
  try {
    const response = await outbound(parsed, {
      method: "POST",
      headers: { "content-type": options.contentType },
      body: options.contentType === "application/json" ? JSON.stringify(data) : formBody(data),
      signal: AbortSignal.timeout(options.timeoutMs),
      use: question.hostByTarget ? "policy_by_target" : "policy",
    });
    return (await readStart(response)).replace(/^"+|"+$/g, "") === "True";
  } catch (error) {
    // Never the caller's fault: the policy server failed.
    fail("internal", undefined, { cause: error });
  }
}

function formBody(data: Record<string, unknown>): string {
  return new URLSearchParams(Object.entries(data).map(([name, value]) => [name, JSON.stringify(value)]))
    .toString();
}

/** Puts custom properties beside the attributes, as rules see them. */
function expand(target: PolicyTarget): Record<string, unknown> {
  return { ...target.extra_properties as object | undefined, ...target };
}

async function readStart(response: Response): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  // Leaving the loop cancels the rest of the body.
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_ANSWER_BYTES) break;
  }
  return text;
}
