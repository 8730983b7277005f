#!/usr/bin/env bash
# Deno 2.4.2 and 2.9.6 (V8): an object literal with a getter, made anew in each call, is not freed by the collections of
# young objects. It keeps everything that its getter closes over until a full collection, and brings those about. An
# instance of a class with the same getter is freed young. One expects no difference.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cat >"$dir/made.ts" <<'TS'
class ByClass {
  readonly payload: unknown[];
  constructor(payload: unknown[]) { this.payload = payload; }
  get first() { return this.payload[0]; }
}
const literal = (payload: unknown[]) => ({ payload, get first() { return payload[0]; } });
const byClass = (payload: unknown[]) => new ByClass(payload);
const make = Deno.args[0] === "literal" ? literal : byClass;
let sum = 0;
for (let round = 0; round < 300_000; round++) sum += Number(make([round, new Array(100).fill(round)]).first);
console.log(sum);
TS
full() {
  DENO_TLS_CA_STORE=${DENO_TLS_CA_STORE:-mozilla,system} \
    npx -y "deno@$1" run --no-check --quiet --v8-flags=--trace-gc "$dir/made.ts" "$2" | grep -c Mark-Compact || true
}
echo "expected: as many full collections with the literal as with the class"
changed=
for version in 2.4.2 2.9.6; do
  literal=$(full $version literal) class=$(full $version class)
  echo "seen: deno $version, 300,000 objects: $literal full collections with the literal, $class with the class"
  [ "$literal" -ge 2 ] && [ "$class" -le 1 ] || changed=1
done
[ -z "$changed" ] || { echo "CHANGED"; exit 1; }
