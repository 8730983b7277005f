/** Processor and memory of a server. */
import { HARDWARE, namespace, text, whole } from "./definitions.ts";

export const CPU_PINNING = namespace(
  "OS::Compute::CPUPinning",
  "Binding to host processors",
  "Whether virtual processors stay on processors of the host that nobody else uses.",
  {
    resource_type_associations: HARDWARE,
    properties: {
      cpu_policy: text(
        "Use of host processors",
        "shared: they float among the host's processors; dedicated: each is bound to one of its own.",
        ["shared", "dedicated"],
      ),
      cpu_thread_policy: text(
        "Use of sibling threads",
        "With dedicated processors: whether siblings of a core must, should or must not serve the same server.",
        ["isolate", "prefer", "require"],
      ),
    },
  },
);

export const CPU_TOPOLOGY = namespace(
  "OS::Compute::VirtCPUTopology",
  "Layout of virtual processors",
  "How many sockets, cores and threads the processors of a server are arranged in, and the most that are allowed.",
  {
    resource_type_associations: HARDWARE,
    properties: {
      cpu_sockets: whole("Sockets", "Number of sockets that is preferred."),
      cpu_cores: whole("Cores", "Number of cores a socket that is preferred."),
      cpu_threads: whole("Threads", "Number of threads a core that is preferred."),
      cpu_max_sockets: whole("Most sockets", "Number of sockets that must not be exceeded."),
      cpu_max_cores: whole("Most cores", "Number of cores a socket that must not be exceeded."),
      cpu_max_threads: whole("Most threads", "Number of threads a core that must not be exceeded."),
    },
  },
);

export const MEMORY_BACKING = namespace(
  "OS::Compute::GuestMemoryBacking",
  "Pages of the memory",
  "Which pages of the host the memory of a server is made of.",
  {
    resource_type_associations: HARDWARE,
    properties: {
      mem_page_size: text(
        "Page size",
        "small, large, any, or a size such as 2048 (KiB) or 1GB; larger pages save time in translating addresses.",
      ),
    },
  },
);

export const WATCHDOG = namespace(
  "OS::Compute::Watchdog",
  "Watchdog",
  "What happens when the guest has stopped answering its watchdog.",
  {
    resource_type_associations: HARDWARE,
    properties: {
      watchdog_action: text(
        "Action",
        "disabled: there is no watchdog; none: it only tells; the others happen to the server.",
        ["disabled", "reset", "poweroff", "pause", "none"],
      ),
    },
  },
);
