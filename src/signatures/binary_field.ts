/** Arithmetic in GF(2^m): elements are numbers whose bits are the coefficients of polynomials. */

/** The operations that a curve needs. */
export interface BinaryField {
  multiply(a: bigint, b: bigint): bigint;
  square(a: bigint): bigint;
  /** Returns the inverse of an element that is not zero. */
  invert(a: bigint): bigint;
}

/** A hexadecimal digit with a zero bit before each of its bits. */
const SPREAD = "00 01 04 05 10 11 14 15 40 41 44 45 50 51 54 55".split(" ");
const DIGITS = "0123456789abcdef";

/** The field of degree `m` whose reduction polynomial has, below m, the exponents `terms`. */
export function makeBinaryField(m: number, terms: readonly number[]): BinaryField {
  const degree = BigInt(m);
  const mask = (1n << degree) - 1n;
  const shifts = terms.map(BigInt);
  const polynomial = shifts.reduce((sum, shift) => sum ^ (1n << shift), 1n << degree);
  const reduce = (value: bigint): bigint => {
    for (let high = value >> degree; high !== 0n; high = value >> degree) {
      value &= mask;
      for (const shift of shifts) value ^= high << shift;
    }
    return value;
  };
  return {
    multiply(a, b) {
      // Four bits of b at a time.
      const multiples = [0n, a];
      for (let digit = 2; digit < 16; digit++) {
        multiples.push((multiples[digit >> 1]! << 1n) ^ (digit & 1 ? a : 0n));
      }
      let product = 0n;
      for (const digit of b.toString(16)) product = (product << 4n) ^ multiples[DIGITS.indexOf(digit)]!;
      return reduce(product);
    },
    square(a) {
      let digits = "0x";
      for (const digit of a.toString(16)) digits += SPREAD[DIGITS.indexOf(digit)];
      return reduce(BigInt(digits));
    },
    invert(a) {
      let [u, v, g, h] = [a, polynomial, 1n, 0n];
      while (u !== 1n) {
        let lead = u.toString(2).length - v.toString(2).length;
        if (lead < 0) {
          [u, v, g, h] = [v, u, h, g];
          lead = -lead;
        }
        u ^= v << BigInt(lead);
        g ^= h << BigInt(lead);
      }
      return reduce(g);
    },
  };
}
