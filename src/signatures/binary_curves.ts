/** The binary curves of signatures (SEC 2 §3.5, §3.6): `y² + xy = x³ + ax² + b` over GF(2^m). Numbers in hex. */
import type { Curve } from "./public_key.ts";

/** One curve. Field elements are numbers whose bits are the coefficients. */
export interface BinaryCurve {
  /** Degree of the field. */
  m: number;
  /** The exponents of the reduction polynomial below m. */
  terms: readonly number[];
  a: bigint;
  b: bigint;
  /** The base point. */
  x: bigint;
  y: bigint;
  /** Order of the base point. */
  n: bigint;
}

const hex = (...parts: string[]) => BigInt(`0x${parts.join("")}`);

export const BINARY_CURVES: Partial<Record<Curve, BinaryCurve>> = {
  sect409k1: {
    m: 409,
    terms: [87, 0],
    a: 0n,
    b: 1n,
    x: hex(
      "0060f05f658f49c1ad3ab1890f7184210efd0987e307c84c27accfb8f9f67cc2c460189eb5aaaa62ee222eb1b3",
      "5540cfe9023746",
    ),
    y: hex(
      "01e369050b7c4e42acba1dacbf04299c3460782f918ea427e6325165e9ea10e3da5f6c42e9c55215aa9ca27a58",
      "63ec48d8e0286b",
    ),
    n: hex(
      "7ffffffffffffffffffffffffffffffffffffffffffffffffffe5f83b2d4ea20400ec4557d5ed3e3e7ca5b4b5c",
      "83b8e01e5fcf",
    ),
  },
  sect409r1: {
    m: 409,
    terms: [87, 0],
    a: 1n,
    b: hex(
      "21a5c2c8ee9feb5c4b9a753b7b476b7fd6422ef1f3dd674761fa99d6ac27c8a9a197b272822f6cd57a55aa4f50",
      "ae317b13545f",
    ),
    x: hex(
      "015d4860d088ddb3496b0c6064756260441cde4af1771d4db01ffe5b34e59703dc255a868a1180515603aeab60",
      "794e54bb7996a7",
    ),
    y: hex(
      "0061b1cfab6be5f32bbfa78324ed106a7636b9c5a7bd198d0158aa4f5488d08f38514f1fdf4b4f40d2181b3681",
      "c364ba0273c706",
    ),
    n: hex(
      "10000000000000000000000000000000000000000000000000001e2aad6a612f33307be5fa47c3c9e052f83816",
      "4cd37d9a21173",
    ),
  },
  sect571k1: {
    m: 571,
    terms: [10, 5, 2, 0],
    a: 0n,
    b: 1n,
    x: hex(
      "026eb7a859923fbc82189631f8103fe4ac9ca2970012d5d46024804801841ca44370958493b205e647da304db4",
      "ceb08cbbd1ba39494776fb988b47174dca88c7e2945283a01c8972",
    ),
    y: hex(
      "0349dc807f4fbf374f4aeade3bca95314dd58cec9f307a54ffc61efc006d8a2c9d4979c0ac44aea74fbebbb9f7",
      "72aedcb620b01a7ba7af1b320430c8591984f601cd4c143ef1c7a3",
    ),
    n: hex(
      "20000000000000000000000000000000000000000000000000000000000000000000000131850e1f19a63e4b39",
      "1a8db917f4138b630d84be5d639381e91deb45cfe778f637c1001",
    ),
  },
  sect571r1: {
    m: 571,
    terms: [10, 5, 2, 0],
    a: 1n,
    b: hex(
      "2f40e7e2221f295de297117b7f3d62f5c6a97ffcb8ceff1cd6ba8ce4a9a18ad84ffabbd8efa59332be7ad6756a",
      "66e294afd185a78ff12aa520e4de739baca0c7ffeff7f2955727a",
    ),
    x: hex(
      "0303001d34b856296c16c0d40d3cd7750a93d1d2955fa80aa5f40fc8db7b2abdbde53950f4c0d293cdd711a35b",
      "67fb1499ae60038614f1394abfa3b4c850d927e1e7769c8eec2d19",
    ),
    y: hex(
      "037bf27342da639b6dccfffeb73d69d78c6c27a6009cbbca1980f8533921e8a684423e43bab08a576291af8f46",
      "1bb2a8b3531d2f0485c19b16e2f1516e23dd3c1a4827af1b8ac15b",
    ),
    n: hex(
      "3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe661ce18ff559873080",
      "59b186823851ec7dd9ca1161de93d5174d66e8382e9bb2fe84e47",
    ),
  },
};
