import assert from "node:assert/strict";
import { addressForms, type AddressKind, addressKind } from "../../src/net/guard.ts";

const ROWS: Record<AddressKind, string[]> = {
  global: [
    "1.0.0.1",
    "93.184.216.34",
    "223.255.255.254",
    "2606:2800:220:1:248:1893:25c8:1946",
    "2400::1",
    "::ffff:93.184.216.34",
    "64:ff9b::5db8:d822",
    "2002:5db8:d822::1",
  ],
  private: [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "203.0.113.1",
    "fc00::1",
    "fd12:3456::1",
    "2001:db8::1",
    "3fff::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
  ],
  loopback: ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"],
  "link-local": ["169.254.169.254", "fe80::1", "febf::1", "::ffff:169.254.1.1", "64:ff9b::a9fe:a9fe"],
  unspecified: ["0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0", "64:ff9b::"],
  multicast: ["224.0.0.1", "239.255.255.255", "ff02::1", "::ffff:224.0.0.1"],
  broadcast: ["255.255.255.255", "::ffff:255.255.255.255"],
  metadata: ["100.100.100.200", "fd00:ec2::254", "fd20:ce::254", "::ffff:100.100.100.200"],
  unallocated: [
    "240.0.0.1",
    "::2",
    "::127.0.0.1",
    "::93.184.216.34",
    "::ffff:0:127.0.0.1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "1000::1",
    "2001::1",
    "2001:20::1",
    "4000::1",
    "5f00::1",
    "8000::1",
    "fb00::1",
    "fe00::1",
    "fec0::1",
    "nonsense",
    "",
  ],
};

Deno.test("kinds of addresses", () => {
  for (const [kind, addresses] of Object.entries(ROWS)) {
    for (const address of addresses) assert.equal(addressKind(address), kind, address);
  }
});

Deno.test("forms of an address: its canonical spelling, and the one it wraps", () => {
  assert.deepEqual(addressForms("10.0.0.1"), ["10.0.0.1"]);
  assert.deepEqual(addressForms("0:0::1"), ["::1"]);
  assert.deepEqual(addressForms("::ffff:7f00:1"), ["::ffff:7f00:1", "127.0.0.1"]);
  assert.deepEqual(addressForms("64:ff9b::a00:1"), ["64:ff9b::a00:1", "10.0.0.1"]);
  assert.deepEqual(addressForms("2002:a00:1::5"), ["2002:a00:1::5", "10.0.0.1"]);
});
