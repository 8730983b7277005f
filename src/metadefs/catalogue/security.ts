/** Signatures and trusted platform modules. */
import { FLAVOR, IMAGE, namespace, text } from "./definitions.ts";

export const SIGNATURES = namespace(
  "OS::Glance::Signatures",
  "Signature of the image",
  "With these four properties the data of an image is checked against a signature when it is uploaded.",
  {
    protected: false,
    properties: {
      img_signature: text("Signature", "Signature of the image's data, in base64."),
      img_signature_certificate_uuid: text(
        "Certificate",
        "Id of the signer's certificate in the key manager.",
      ),
      img_signature_hash_method: text("Hash", "Hash function that the signature is made with.", [
        "SHA-224",
        "SHA-256",
        "SHA-384",
        "SHA-512",
      ]),
      img_signature_key_type: text("Kind of key", "Kind of the key that the signature is made with.", [
        "RSA-PSS",
        "DSA",
        "ECC_SECT571K1",
        "ECC_SECT409K1",
        "ECC_SECT571R1",
        "ECC_SECT409R1",
        "ECC_SECP521R1",
        "ECC_SECP384R1",
      ]),
    },
  },
);

export const TPM = namespace(
  "OS::Compute::TPM",
  "Trusted platform module",
  "A virtual module in which the guest keeps its secrets.",
  {
    resource_type_associations: [{ name: FLAVOR, prefix: "hw:" }, { name: IMAGE, prefix: "hw_" }],
    properties: {
      tpm_model: {
        ...text("Interface", "How the guest talks to it; tpm-crb is for version 2.0 only.", [
          "tpm-tis",
          "tpm-crb",
        ]),
        operators: ["<or>"],
        default: "tpm-tis",
      },
      tpm_version: {
        ...text("Version", "Version of the module; without one there is none.", ["1.2", "2.0"]),
        operators: ["<or>"],
      },
    },
  },
);

function support(version: string) {
  const description = `With required only hosts are chosen that can emulate a module of version ${version}.`;
  return { ...text(`Host with TPM ${version}`, description, ["required"]), default: "required" };
}

export const VTPM = namespace(
  "OS::Compute::VTPM",
  "Hosts with trusted platform modules",
  "Which versions of an emulated module the host must be able to offer.",
  {
    resource_type_associations: [{ name: FLAVOR, prefix: "traits:" }, { name: IMAGE, prefix: "traits:" }],
    properties: { COMPUTE_SECURITY_TPM_1_2: support("1.2"), COMPUTE_SECURITY_TPM_2_0: support("2.0") },
  },
);
