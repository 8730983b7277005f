/** What hosts allow and have: aggregates of hosts, and their processors. */
import { FLAVOR, namespace, oneOf, several, whole } from "./definitions.ts";

const AGGREGATE = "OS::Nova::Aggregate";

/** As upstream spells them: others have written them down so. */
const MODELS = (
  "Conroe|Core2Duo|Penryn|Nehalem|Westmere|SandyBridge|IvyBridge|Haswell|Broadwell|Delhi|Seoul" +
  "|Abu Dhabi|Interlagos|Kabini|Valencia|Zurich|Budapest|Barcelona|Suzuka|Shanghai|Istanbul|Lisbon" +
  "|Magny-Cours|Cortex-A57|Cortex-A53|Cortex-A12|Cortex-A17|Cortex-A15|Coretx-A7|X-Gene"
).split("|");

const FEATURES = (
  "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 pn clflush dts acpi mmx" +
  " fxsr sse sse2 ss ht tm ia64 pbe syscall mp nx mmxext fxsr_opt pdpe1gb rdtscp lm 3dnowext 3dnow" +
  " arch_perfmon pebs bts rep_good nopl xtopology tsc_reliable nonstop_tsc extd_apicid amd_dcm" +
  " aperfmperf eagerfpu nonstop_tsc_s3 pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3" +
  " cid fma cx16 xtpr pdcm pcid dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave" +
  " avx f16c rdrand hypervisor rng rng_en ace ace_en ace2 ace2_en phe phe_en pmm pmm_en lahf_lm" +
  " cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop skinit wdt" +
  " lwp fma4 tce nodeid_msr tbm topoext perfctr_core perfctr_nb bpext perfctr_l2 mwaitx ida arat" +
  " cpb epb pln pts dtherm hw_pstate proc_feedback hwp hwp_notify hwp_act_window hwp_epp" +
  " hwp_pkg_req intel_pt tpr_shadow vnmi flexpriority ept vpid npt lbrv svm_lock nrip_save" +
  " tsc_scale vmcb_clean flushbyasid decodeassists pausefilter pfthreshold vmmcall fsgsbase" +
  " tsc_adjust bmi1 hle avx2 smep bmi2 erms invpcid rtm cqm mpx avx512f rdseed adx smap pcommit" +
  " clflushopt clwb avx512pf avx512er avx512cd sha_ni xsaveopt xsavec xgetbv1 xsaves cqm_llc" +
  " cqm_occup_llc clzero"
).split(" ");

/** How many there are of a part of the processor; 1 where nothing is said. */
const count = (title: string, description: string) => ({
  ...whole(title, description),
  readonly: false,
  default: 1,
});

export const AGGREGATE_DISK = namespace(
  "OS::Compute::AggregateDiskFilter",
  "Disk space that hosts promise",
  "How much more disk space than they have the hosts of an aggregate promise.",
  {
    resource_type_associations: [{ name: AGGREGATE }],
    properties: {
      disk_allocation_ratio: {
        title: "Promised disk space",
        description:
          "Multiple of the disk space of a host that its servers may ask for in sum: above 1.0 more than there is, below less.",
        type: "number",
        readonly: false,
      },
    },
  },
);

export const AGGREGATE_IO = namespace(
  "OS::Compute::AggregateIoOpsFilter",
  "Busy servers a host",
  "How many servers of a host in an aggregate may be under construction or on the move at once.",
  {
    resource_type_associations: [{ name: AGGREGATE }],
    properties: {
      max_io_ops_per_host: {
        ...whole(
          "Busy servers",
          "From so many servers in a state of heavy disk use on, the host gets no new ones.",
          { minimum: 1 },
        ),
        readonly: false,
        default: 8,
      },
    },
  },
);

export const AGGREGATE_SERVERS = namespace(
  "OS::Compute::AggregateNumInstancesFilter",
  "Servers a host",
  "How many servers a host of an aggregate may run.",
  {
    protected: false,
    resource_type_associations: [{ name: AGGREGATE }],
    properties: {
      max_instances_per_host: {
        ...whole("Servers", "Most servers that a host of the aggregate runs.", { minimum: 0 }),
        readonly: false,
      },
    },
  },
);

export const HOST_CAPABILITIES = namespace(
  "OS::Compute::HostCapabilities",
  "Processors of hosts",
  "Which processor a host must have to run a server.",
  {
    resource_type_associations: [
      { name: FLAVOR, prefix: "capabilities:" },
      { name: AGGREGATE, prefix: "aggregate_instance_extra_specs:" },
    ],
    properties: {
      "cpu_info:vendor": oneOf("Maker", "Who makes the processor.", ["Intel", "AMD"]),
      "cpu_info:model": oneOf("Model", "Model of the processor, by the name of its design.", MODELS),
      "cpu_info:arch": oneOf("Architecture", "Architecture of the processor.", [
        "x86",
        "x86_64",
        "i686",
        "ia64",
        "ARMv8-A",
        "ARMv7-A",
      ]),
      "cpu_info:topology:cores": count("Cores", "Number of cores a socket."),
      "cpu_info:topology:threads": count("Threads", "Number of threads a core."),
      "cpu_info:topology:sockets": count("Sockets", "Number of sockets."),
      "cpu_info:features": {
        ...several("Features", "What the processor can do, by the flags that Linux shows.", FEATURES),
        operators: ["<or>", "<all-in>"],
      },
    },
  },
);
