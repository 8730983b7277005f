/** Options of the drivers for VMware and XenAPI. */
import { bool, FLAVOR, namespace, text, whole } from "./definitions.ts";

/** VMware's names of operating systems. */
const SYSTEMS = (
  "asianux3_64Guest asianux3Guest asianux4_64Guest asianux4Guest asianux5_64Guest asianux7_64Guest" +
  " centos64Guest centosGuest centos6Guest centos6_64Guest centos7_64Guest coreos64Guest" +
  " darwin10_64Guest darwin10Guest darwin11_64Guest darwin11Guest darwin12_64Guest darwin13_64Guest" +
  " darwin14_64Guest darwin15_64Guest darwin16_64Guest darwin64Guest darwinGuest debian4_64Guest" +
  " debian4Guest debian5_64Guest debian5Guest debian6_64Guest debian6Guest debian7_64Guest" +
  " debian7Guest debian8_64Guest debian8Guest debian9_64Guest debian9Guest debian10_64Guest" +
  " debian10Guest dosGuest eComStation2Guest eComStationGuest fedora64Guest fedoraGuest" +
  " freebsd64Guest freebsdGuest genericLinuxGuest mandrakeGuest mandriva64Guest mandrivaGuest" +
  " netware4Guest netware5Guest netware6Guest nld9Guest oesGuest openServer5Guest openServer6Guest" +
  " opensuse64Guest opensuseGuest oracleLinux64Guest oracleLinuxGuest oracleLinux6Guest" +
  " oracleLinux6_64Guest oracleLinux7_64Guest os2Guest other24xLinux64Guest other24xLinuxGuest" +
  " other26xLinux64Guest other26xLinuxGuest other3xLinux64Guest other3xLinuxGuest otherGuest" +
  " otherGuest64 otherLinux64Guest otherLinuxGuest redhatGuest rhel2Guest rhel3_64Guest rhel3Guest" +
  " rhel4_64Guest rhel4Guest rhel5_64Guest rhel5Guest rhel6_64Guest rhel6Guest rhel7_64Guest" +
  " rhel7Guest sjdsGuest sles10_64Guest sles10Guest sles11_64Guest sles11Guest sles12_64Guest" +
  " sles12Guest sles64Guest slesGuest solaris10_64Guest solaris10Guest solaris11_64Guest" +
  " solaris6Guest solaris7Guest solaris8Guest solaris9Guest turboLinux64Guest turboLinuxGuest" +
  " ubuntu64Guest ubuntuGuest unixWare7Guest vmkernel5Guest vmkernel6Guest vmkernel65Guest" +
  " vmkernelGuest vmwarePhoton64Guest win2000AdvServGuest win2000ProGuest win2000ServGuest" +
  " win31Guest win95Guest win98Guest windows7_64Guest windows7Guest windows7Server64Guest" +
  " windows8_64Guest windows8Guest windows8Server64Guest windows9_64Guest windows9Guest" +
  " windows9Server64Guest windowsHyperVGuest winLonghorn64Guest winLonghornGuest winMeGuest" +
  " winNetBusinessGuest winNetDatacenter64Guest winNetDatacenterGuest winNetEnterprise64Guest" +
  " winNetEnterpriseGuest winNetStandard64Guest winNetStandardGuest winNetWebGuest winNTGuest" +
  " winVista64Guest winVistaGuest winXPHomeGuest winXPPro64Guest winXPProGuest"
).split(" ");

export const VMWARE = namespace(
  "OS::Compute::VMware",
  "Servers on VMware",
  "Which devices a server of this image gets where VMware runs it, and how its disk is kept.",
  {
    properties: {
      img_linked_clone: bool(
        "Linked clone",
        "Whether the disk of a server refers to that of the image instead of being a copy.",
      ),
      vmware_adaptertype: {
        ...text("Disk controller", "Controller that the disk hangs on.", [
          "lsiLogic",
          "lsiLogicsas",
          "paraVirtual",
          "busLogic",
          "ide",
        ]),
        default: "lsiLogic",
      },
      vmware_disktype: {
        ...text("Kind of disk", "How the disk of the image is laid out.", [
          "streamOptimized",
          "sparse",
          "preallocated",
        ]),
        default: "preallocated",
      },
      vmware_ostype: {
        ...text("Guest system", "VMware's name of the operating system in the image.", SYSTEMS),
        default: "otherGuest",
      },
      hw_vif_model: {
        ...text("Network device", "Model of the network cards.", [
          "e1000",
          "e1000e",
          "VirtualE1000",
          "VirtualE1000e",
          "VirtualPCNet32",
          "VirtualVmxnet",
          "VirtualVmxnet3",
        ]),
        default: "e1000",
      },
      hw_vif_multiqueue_enabled: text(
        "Network queues",
        "Whether a network card has a queue for each processor.",
        ["true", "false"],
      ),
    },
  },
);

export const VMWARE_FLAVOR = namespace(
  "OS::Compute::VMwareFlavor",
  "Flavors on VMware",
  "How VMware makes the servers of a flavor.",
  {
    resource_type_associations: [{ name: FLAVOR }],
    properties: {
      "vmware:hw_version": text("Version of the hardware", "Version of the virtual hardware.", [
        "vmx-13",
        "vmx-11",
        "vmx-10",
        "vmx-09",
        "vmx-08",
        "vmx-07",
        "vmx-04",
        "vmx-03",
      ]),
      "vmware:storage_policy": text("Storage policy", "Name of the policy by which the storage is chosen."),
    },
  },
);

export const VMWARE_QUOTA = namespace(
  "OS::Compute::VMwareQuotaFlavor",
  "Limits of a flavor on VMware",
  "How much of the processors a server may use, and how much it is sure of.",
  {
    resource_type_associations: [{ name: FLAVOR }],
    properties: {
      "quota:cpu_limit": whole("Most", "MHz that the server never exceeds.", { minimum: 0 }),
      "quota:cpu_reservation": whole("Least", "MHz that the server is sure of.", { minimum: 0 }),
    },
  },
);

export const XENAPI = namespace(
  "OS::Compute::XenAPI",
  "Servers on XenAPI",
  "How the disk of a server of this image is treated where XenAPI runs it.",
  {
    properties: {
      auto_disk_config: bool(
        "Fitting the disk",
        "Whether the root partition grows to the size of the disk before the server starts.",
      ),
    },
  },
);
