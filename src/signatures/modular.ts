/** `base ** exponent % modulus`. Only for what is public: its time tells the numbers. */
export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  base %= modulus;
  for (const bit of exponent.toString(2)) {
    result = result * result % modulus;
    if (bit === "1") result = result * base % modulus;
  }
  return result;
}

/** The inverse of `value` modulo a prime. */
export function inverse(value: bigint, prime: bigint): bigint {
  let [a, b, x, y] = [((value % prime) + prime) % prime, prime, 1n, 0n];
  while (a > 1n && b !== 0n) {
    [x, y] = [y - (b / a) * x, x];
    [a, b] = [b % a, a];
  }
  return ((x % prime) + prime) % prime;
}
