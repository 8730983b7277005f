/** Devices of a server on libvirt: disks, network, video, firmware. */
import { bool, FLAVOR, IMAGE, namespace, text, whole } from "./definitions.ts";

const BUSES = ["scsi", "virtio", "uml", "xen", "ide", "usb", "fdc", "sata", "lxc"];

const MEMORY_ENCRYPTION = ["amd-sev", "amd-sev-es", "amd-sev-snp"];

export const LIBVIRT_IMAGE = namespace(
  "OS::Compute::LibvirtImage",
  "Devices on libvirt",
  "Which devices a server of this image gets where libvirt runs it.",
  {
    properties: {
      hw_cdrom_bus: text("Bus of CD-ROMs", "Controller that CD-ROM drives hang on.", BUSES),
      hw_disk_bus: text("Bus of disks", "Controller that disks hang on.", BUSES),
      hw_firmware_type: text("Firmware", "What starts the guest.", ["bios", "uefi"]),
      hw_firmware_stateless: bool(
        "Firmware without memory",
        "With UEFI: settings of the firmware are lost at a restart.",
      ),
      hw_rng_model: {
        ...text("Random number device", "Model of the device that gives the guest random numbers."),
        default: "virtio",
      },
      hw_machine_type: text("Machine", "Type of machine by its name in libvirt, such as q35 or virt."),
      hw_scsi_model: {
        ...text("SCSI controller", "Model of the controller for disks on scsi."),
        default: "virtio-scsi",
      },
      hw_video_model: text("Video device", "Model of the graphics card; none leaves it out.", [
        "vga",
        "cirrus",
        "vmvga",
        "xen",
        "qxl",
        "virtio",
        "gop",
        "none",
        "bochs",
      ]),
      hw_video_ram: whole(
        "Video memory",
        "Memory of the graphics card in MB; the flavor says how much there may be.",
        {
          minimum: 0,
        },
      ),
      os_command_line: text(
        "Kernel's command line",
        "Replaces that of the driver; for images with a kernel of their own.",
      ),
      os_type: text("Family of the system", "Some of what a server is given depends on it.", [
        "linux",
        "windows",
      ]),
      hw_vif_model: text("Network device", "Model of the network cards.", [
        "e1000",
        "e1000e",
        "ne2k_pci",
        "netfront",
        "pcnet",
        "rtl8139",
        "spapr-vlan",
        "virtio",
        "vmxnet3",
        "igb",
      ]),
      hw_vif_multiqueue_enabled: text(
        "Network queues",
        "Whether a network card has a queue for each processor.",
        [
          "true",
          "false",
        ],
      ),
      hw_pmu: text(
        "Performance counters",
        "Whether the guest sees a unit that counts events of the processor.",
        [
          "true",
          "false",
        ],
      ),
      hw_qemu_guest_agent: text(
        "Guest agent",
        "Whether the agent of QEMU runs in the guest and may be asked.",
        ["yes", "no"],
      ),
      hw_pointer_model: text("Pointing device", "Model of the pointing device for graphical consoles.", [
        "usbtablet",
      ]),
      img_hide_hypervisor_id: text(
        "Hide the hypervisor",
        "Whether the guest is kept from seeing that it is one.",
        ["yes", "no"],
      ),
    },
  },
);

export const LIBVIRT = namespace(
  "OS::Compute::Libvirt",
  "Options of libvirt",
  "Options of libvirt that images and flavors may set.",
  {
    resource_type_associations: [{ name: IMAGE, prefix: "hw_" }, { name: FLAVOR, prefix: "hw:" }],
    properties: {
      serial_port_count: whole(
        "Serial ports",
        "Number of serial ports; an image may only lower what its flavor says.",
        {
          minimum: 0,
        },
      ),
      boot_menu: text("Boot menu", "Whether the firmware offers a menu of boot devices.", ["true", "false"]),
      mem_encryption: text("Encrypted memory", "Whether the processor encrypts the memory of the server.", [
        "true",
        "false",
      ]),
      mem_encryption_model: text(
        "Way to encrypt memory",
        "Feature of the processor that encrypts the memory of the server.",
        MEMORY_ENCRYPTION,
      ),
      virtio_packed_ring: text(
        "Packed queues",
        "Whether virtio devices may use queues in packed form, which cost the processor less.",
        ["true", "false"],
      ),
    },
  },
);

/** Ours: what Nova of 2026.2 (34) reads and no namespace of Glance 33.0.0 has. */
export const NOVA_34 = namespace(
  "OS::Compute::LibvirtNova34",
  "Devices on libvirt since Nova 34",
  "What Nova 34 reads besides; this namespace is oneglance's own and not part of Glance's catalogue.",
  {
    resource_type_associations: [{ name: IMAGE, prefix: "hw_" }, { name: FLAVOR, prefix: "hw:" }],
    properties: {
      mem_encryption_model: text(
        "Way to encrypt memory",
        "Feature of the processor that encrypts the memory of the server, Intel's among them.",
        [...MEMORY_ENCRYPTION, "intel-tdx"],
      ),
      sound_model: text("Sound device", "Model of the sound card; without one there is none.", [
        "sb16",
        "es1370",
        "pcspk",
        "ac97",
        "ich6",
        "ich9",
        "usb",
        "virtio",
      ]),
      usb_model: text("USB controller", "Model of the USB controller; redirected ports need one.", [
        "qemu-xhci",
        "nec-xhci",
      ]),
      redirected_usb_ports: whole(
        "Redirected USB ports",
        "Number of USB ports whose devices may be those of the person at the SPICE console.",
        { minimum: 0, maximum: 15 },
      ),
    },
  },
);

export const HYPERVISOR = namespace(
  "OS::Compute::Hypervisor",
  "Choice of hypervisor",
  "Which hosts can run a server of this image.",
  {
    properties: {
      hypervisor_type: text("Hypervisor", "The one that the image is made for.", [
        "baremetal",
        "hyperv",
        "kvm",
        "lxc",
        "powervm",
        "qemu",
        "uml",
        "vmware",
        "vz",
        "xen",
      ]),
      vm_mode: text("Interface to the host", "Which interface between host and guest the image expects.", [
        "hvm",
        "xen",
        "uml",
        "exe",
      ]),
    },
  },
);

export const VOLUME_TYPE = namespace(
  "OS::Cinder::Volumetype",
  "Volumes made of the image",
  "How the block storage service treats volumes that are made of this image.",
  {
    resource_type_associations: [{ name: IMAGE, prefix: "cinder_" }],
    properties: {
      img_volume_type: text("Volume type", "Name of the type of volume where nobody asks for another."),
    },
  },
);
