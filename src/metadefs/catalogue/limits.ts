/** What a flavor allows: shares of processor, disk and network, random numbers. */
import { bool, FLAVOR, namespace, whole } from "./definitions.ts";

const rate = (what: string, unit: string) =>
  whole(`${what}: ${unit}`, `Most ${unit} of ${what.toLowerCase()}.`);
const direction = (name: string, words: string) => ({
  [`quota:vif_${name}_average`]: whole(`${words}: average`, "KiB a second in the long run."),
  [`quota:vif_${name}_burst`]: whole(`${words}: burst`, "KiB that may pass at peak speed."),
  [`quota:vif_${name}_peak`]: whole(`${words}: peak`, "KiB a second at most."),
});
const disk = (name: string, words: string) => ({
  [`quota:disk_${name}_bytes_sec`]: rate(words, "bytes a second"),
  [`quota:disk_${name}_iops_sec`]: rate(words, "operations a second"),
});

export const QUOTA = namespace(
  "OS::Compute::Quota",
  "Limits of a flavor",
  "How much of processor, disk and network of its host a server may use.",
  {
    resource_type_associations: [{ name: FLAVOR }],
    objects: [
      {
        name: "CPU Limits",
        description: "Time on the processors.",
        properties: {
          "quota:cpu_shares": whole("Weight", "Share of the time in relation to that of other servers."),
          "quota:cpu_period": whole("Period", "Microseconds over which cpu_quota is counted.", {
            minimum: 1000,
            maximum: 1000000,
          }),
          "quota:cpu_quota": whole(
            "Time a period",
            "Microseconds of each period that a processor may use; below 0: no limit.",
          ),
        },
      },
      {
        name: "Disk QoS",
        description: "Speed of the disks.",
        properties: {
          ...disk("read", "Reading"),
          ...disk("write", "Writing"),
          ...disk("total", "Reading and writing"),
        },
      },
      {
        name: "Virtual Interface QoS",
        description: "Speed of the network cards.",
        properties: {
          ...direction("inbound", "Incoming traffic"),
          ...direction("outbound", "Outgoing traffic"),
        },
      },
    ],
  },
);

export const RANDOM_NUMBERS = namespace(
  "OS::Compute::RandomNumberGenerator",
  "Random numbers from the host",
  "Whether servers of a flavor may have a device for random numbers, and how much it gives.",
  {
    resource_type_associations: [{ name: FLAVOR }],
    properties: {
      "hw_rng:allowed": bool("Allowed", "Whether images may ask for the device."),
      "hw_rng:rate_bytes": whole("Bytes a period", "Bytes that the guest may take in a period."),
      "hw_rng:rate_period": whole("Period", "Length of a period in milliseconds."),
    },
  },
);
