/** The settings of the Common Information Model (DMTF): what OVF descriptors say of hardware. */
import { bool, namespace, oneOf, several, text } from "./definitions.ts";

const INSTRUCTION_SETS = (
  "x86:i386|x86:i486|x86:i586|x86:i686|x86:64|IA-64:IA-64|AS/400:TIMI|Power:Power_2.03" +
  "|Power:Power_2.04|Power:Power_2.05|Power:Power_2.06|S/390:ESA/390|S/390:z/Architecture" +
  "|S/390:z/Architecture_2|PA-RISC:PA-RISC_1.0|PA-RISC:PA-RISC_2.0|ARM:A32|ARM:A64|MIPS:MIPS_I" +
  "|MIPS:MIPS_II|MIPS:MIPS_III|MIPS:MIPS_IV|MIPS:MIPS_V|MIPS:MIPS32|MIPS64:MIPS64|Alpha:Alpha" +
  "|SPARC:SPARC_V7|SPARC:SPARC_V8|SPARC:SPARC_V9|SPARC:SPARC_JPS1|SPARC:UltraSPARC2005" +
  "|SPARC:UltraSPARC2007|68k:68000|68k:68010|68k:68020|68k:68030|68k:68040|68k:68060"
).split("|");

const ARCHITECTURES = (
  "x86|IA-64|AS/400|Power|S/390|PA-RISC|ARM|MIPS|Alpha|SPARC|68k"
).split("|");

const EXTENSIONS = (
  "x86:3DNow|x86:3DNowExt|x86:ABM|x86:AES|x86:AVX|x86:AVX2|x86:BMI|x86:CX16|x86:F16C|x86:FSGSBASE" +
  "|x86:LWP|x86:MMX|x86:PCLMUL|x86:RDRND|x86:SSE2|x86:SSE3|x86:SSSE3|x86:SSE4A|x86:SSE41|x86:SSE42" +
  "|x86:FMA3|x86:FMA4|x86:XOP|x86:TBM|x86:VT-d|x86:VT-x|x86:EPT|x86:SVM|PA-RISC:MAX|PA-RISC:MAX2" +
  "|ARM:DSP|ARM:Jazelle-DBX|ARM:Thumb|ARM:Thumb-2|ARM:ThumbEE)|ARM:VFP|ARM:NEON|ARM:TrustZone" +
  "|MIPS:MDMX|MIPS:MIPS-3D|Alpha:BWX|Alpha:FIX|Alpha:CIX|Alpha:MVI"
).split("|");

const RESOURCE_TYPES = (
  "Other|Computer System|Processor|Memory|IDE Controller|Parallel SCSI HBA|FC HBA|iSCSI HBA|IB HCA" +
  "|Ethernet Adapter|Other Network Adapter|I/O Slot|I/O Device|Floppy Drive|CD Drive|DVD drive" +
  "|Disk Drive|Tape Drive|Storage Extent|Other storage device|Serial port|Parallel port" +
  "|USB Controller|Graphics controller|IEEE 1394 Controller|Partitionable Unit" +
  "|Base Partitionable Unit|Power|Cooling Capacity|Ethernet Switch Port|Logical Disk|Storage Volume" +
  "|Ethernet Connection|DMTF reserved|Vendor Reserved"
).split("|");

export const PROCESSOR_ALLOCATION = namespace(
  "CIM::ProcessorAllocationSettingData",
  "Processors in terms of CIM",
  "Processor that the host must have, in the terms of the Common Information Model.",
  {
    resource_type_associations: [
      { "name": "OS::Cinder::Volume", "prefix": "CIM_PASD_", "properties_target": "image" },
      { "name": "OS::Glance::Image", "prefix": "CIM_PASD_" },
      { "name": "OS::Nova::Aggregate", "prefix": "CIM_PASD_" },
      { "name": "OS::Nova::Flavor", "prefix": "CIM_PASD_" },
      { "name": "OS::Nova::Server", "properties_target": "scheduler_hints" },
    ],
    properties: {
      InstructionSet: oneOf(
        "Instruction set",
        "Instruction set that the processor must execute, behind the name of its architecture.",
        INSTRUCTION_SETS,
      ),
      ProcessorArchitecture: oneOf("Processor architecture", "Family of processors.", ARCHITECTURES),
      InstructionSetExtensionName: {
        ...several(
          "Extensions of the instruction set",
          "Extensions of the instruction set that must be there, behind the name of the architecture.",
          EXTENSIONS,
        ),
        operators: ["<or>", "<all-in>"],
      },
    },
  },
);

export const RESOURCE_ALLOCATION = namespace(
  "CIM::ResourceAllocationSettingData",
  "Resources in terms of CIM",
  "How a resource of the host is given to a system, in the terms of the Common Information Model.",
  {
    resource_type_associations: [
      { "name": "OS::Cinder::Volume", "prefix": "CIM_RASD_", "properties_target": "image" },
      { "name": "OS::Nova::Aggregate", "prefix": "CIM_RASD_" },
      { "name": "OS::Nova::Flavor", "prefix": "CIM_RASD_" },
    ],
    properties: {
      Address: text("Address", "Where the resource is found."),
      AddressOnParent: text(
        "Address on parent",
        "Where the resource is found on its parent, such as a slot of a controller.",
      ),
      AllocationUnits: text("Allocation units", "Unit in which reservation and limit are counted."),
      AutomaticAllocation: bool(
        "Automatic allocation",
        "Whether the resource is given out without being asked for.",
      ),
      AutomaticDeallocation: bool(
        "Automatic deallocation",
        "Whether the resource is taken back without being asked.",
      ),
      ConsumerVisibility: oneOf("Consumer visibility", "How much of the real resource its user sees.", [
        "Unknown",
        "Passed-Through",
        "Virtualized",
        "Not represented",
        "DMTF reserved",
        "Vendor Reserved",
      ]),
      Limit: text("Limit", "Most of the resource that is given out."),
      MappingBehavior: oneOf(
        "Mapping behavior",
        "How firmly the resource is bound to resources of the host.",
        [
          "Unknown",
          "Not Supported",
          "Dedicated",
          "Soft Affinity",
          "Hard Affinity",
          "DMTF Reserved",
          "Vendor Reserved",
        ],
      ),
      OtherResourceType: text("Other resource type", "Kind of resource in words, where the type is Other."),
      Parent: text("Parent", "What the resource is a part of."),
      PoolID: text("Pool ID", "Pool that the resource comes from."),
      Reservation: text("Reservation", "Least of the resource that is kept ready."),
      ResourceSubType: text(
        "Resource sub type",
        "Kind of resource within its type, as the implementation names it.",
      ),
      ResourceType: oneOf("Resource type", "Type of the resource.", RESOURCE_TYPES),
      VirtualQuantity: text("Virtual quantity", "How much of the resource its user sees."),
      VirtualQuantityUnits: text("Virtual quantity units", "Unit in which the quantity is counted."),
      Weight: text("Weight", "Share in relation to others that draw on the same pool."),
      Connection: text("Connection", "What the resource is connected to."),
      HostResource: text("Host resource", "Which resources of the host serve it."),
    },
  },
);

export const STORAGE_ALLOCATION = namespace(
  "CIM::StorageAllocationSettingData",
  "Storage in terms of CIM",
  "How storage of the host is given to a system, in the terms of the Common Information Model.",
  {
    resource_type_associations: [{ "name": "OS::Cinder::Volume", "prefix": "CIM_SASD_" }, {
      "name": "OS::Nova::Aggregate",
      "prefix": "CIM_SASD_",
    }, { "name": "OS::Nova::Flavor", "prefix": "CIM_SASD_" }],
    properties: {
      Access: oneOf("Access", "Whether the storage may be read, written, or both.", [
        "Unknown",
        "Readable",
        "Writeable",
        "Read/Write Supported",
        "DMTF Reserved",
      ]),
      HostExtentName: text("Host extent name", "Name of the storage on the host."),
      HostExtentNameFormat: oneOf("Host extent name format", "Form of that name.", [
        "Unknown",
        "Other",
        "SNVM",
        "NAA",
        "EUI64",
        "T10VID",
        "OS Device Name",
        "DMTF Reserved",
      ]),
      HostExtentNameNamespace: oneOf("Host extent name namespace", "Which list of names that name is from.", [
        "Unknown",
        "Other",
        "VPD83Type3",
        "VPD83Type2",
        "VPD83Type1",
        "VPD80",
        "NodeWWN",
        "SNVM",
        "OS Device Namespace",
        "DMTF Reserved",
      ]),
      HostExtentStartingAddress: text(
        "Host extent starting address",
        "Where on the storage of the host the part begins.",
      ),
      HostResourceBlockSize: text("Host resource block size", "Bytes of a block on the host."),
      Limit: text("Limit", "Most blocks that the host gives."),
      OtherHostExtentNameFormat: text(
        "Other host extent name format",
        "Form of the name in words, where the format is Other.",
      ),
      OtherHostExtentNameNamespace: text(
        "Other host extent name namespace",
        "List of names in words, where the namespace is Other.",
      ),
      Reservation: text("Reservation", "Blocks that the host keeps ready."),
      VirtualQuantity: text("Virtual quantity", "Blocks that the user sees."),
      VirtualQuantityUnits: text("Virtual quantity units", "Unit in which the quantity is counted."),
      VirtualResourceBlockSize: text("Virtual resource block size", "Bytes of a block that the user sees."),
    },
  },
);

export const VIRTUAL_SYSTEM = namespace(
  "CIM::VirtualSystemSettingData",
  "Systems in terms of CIM",
  "How a virtual system is kept, started and stopped, in the terms of the Common Information Model.",
  {
    resource_type_associations: [{ "name": "OS::Nova::Aggregate", "prefix": "CIM_VSSD_" }, {
      "name": "OS::Nova::Flavor",
      "prefix": "CIM_VSSD_",
    }],
    properties: {
      AutomaticRecoveryAction: oneOf(
        "Automatic recovery action",
        "What follows when the software of the system fails.",
        ["None", "Restart", "Revert to snapshot", "DMTF Reserved"],
      ),
      AutomaticShutdownAction: oneOf(
        "Automatic shutdown action",
        "What follows when the host is shut down.",
        ["Turn Off", "Save state", "Shutdown", "DMTF Reserved"],
      ),
      AutomaticStartupAction: oneOf("Automatic startup action", "What follows when the host starts.", [
        "None",
        "Restart if previously active",
        "Always startup",
        "DMTF Reserved",
      ]),
      AutomaticStartupActionDelay: text(
        "Automatic startup action delay",
        "Time between the start of the host and that of the system.",
      ),
      AutomaticStartupActionSequenceNumber: text(
        "Automatic startup action sequence number",
        "Place in the order in which systems are started.",
      ),
      ConfigurationDataRoot: text("Configuration data root", "Folder of the configuration."),
      ConfigurationFile: text("Configuration file", "File of the configuration."),
      ConfigurationID: text("Configuration ID", "Id of the configuration."),
      CreationTime: text("Creation time", "When the configuration was made."),
      LogDataRoot: text("Log data root", "Folder of the logs."),
      RecoveryFile: text("Recovery file", "File with what a recovery needs."),
      SnapshotDataRoot: text("Snapshot data root", "Folder of the snapshots."),
      SuspendDataRoot: text("Suspend data root", "Folder of what is kept while the system is suspended."),
      SwapFileDataRoot: text("Swap file data root", "Folder of the swap files."),
      VirtualSystemIdentifier: text("Identifier", "Name of the system on its platform; no other has it."),
      VirtualSystemType: text("Virtual system type", "Kind of system on its platform."),
      Notes: text("Notes", "Remarks of people."),
    },
  },
);
