/** Makes keys, certificates and signatures of images with openssl. */
import { join } from "node:path";

/** Key types as `img_signature_key_type` names them, and how openssl makes such a key. */
export const KEY_COMMANDS: Record<string, string[]> = {
  "RSA-PSS": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  DSA: ["gendsa"],
  ...Object.fromEntries(
    ["sect571k1", "sect409k1", "sect571r1", "sect409r1", "secp521r1", "secp384r1"].map((curve) => [
      `ECC_${curve.toUpperCase()}`,
      ["ecparam", "-name", curve, "-genkey", "-noout"],
    ]),
  ),
};

export const HASHES = ["SHA-224", "SHA-256", "SHA-384", "SHA-512"];

/** Whether openssl is installed. */
export async function hasOpenssl(): Promise<boolean> {
  try {
    return (await new Deno.Command("openssl", { args: ["version"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

async function openssl(...args: string[]): Promise<Uint8Array> {
  const { success, stdout, stderr } = await new Deno.Command("openssl", {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`openssl ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}

/** A key with its certificate. */
export interface Signer {
  keyType: string;
  /** `img_signature_certificate_uuid`. */
  id: string;
  pem: Uint8Array;
  der: Uint8Array;
  /** Returns the signature in base64. `salt` is the salt length of RSA-PSS. */
  sign(data: Uint8Array, hash: string, salt?: string): Promise<string>;
}

/** Makes a key with its own certificate in `directory`. */
export async function makeSigner(directory: string, keyType: string): Promise<Signer> {
  const id = crypto.randomUUID();
  const key = join(directory, `${id}.key`);
  const command = [...KEY_COMMANDS[keyType]!];
  if (keyType === "DSA") {
    await openssl("dsaparam", "-out", `${key}.params`, "1024");
    command.push(`${key}.params`);
  }
  if (command[0] === "gendsa") await openssl("gendsa", "-out", key, command[1]!);
  else await openssl(command[0]!, "-out", key, ...command.slice(1));
  const request = ["req", "-x509", "-new", "-key", key, "-subj", "/CN=images", "-days", "1"];
  return {
    keyType,
    id,
    pem: await openssl(...request),
    der: await openssl(...request, "-outform", "DER"),
    async sign(data, hash, salt = "max") {
      const file = join(directory, crypto.randomUUID());
      await Deno.writeFile(file, data);
      const pss = keyType === "RSA-PSS"
        ? ["-sigopt", "rsa_padding_mode:pss", "-sigopt", `rsa_pss_saltlen:${salt}`]
        : [];
      const signature = await openssl(
        "dgst",
        `-${hash.replace("-", "").toLowerCase()}`,
        ...pss,
        "-sign",
        key,
        file,
      );
      return btoa(String.fromCharCode(...signature));
    },
  };
}
