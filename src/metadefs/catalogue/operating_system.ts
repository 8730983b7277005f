/** What is installed in an image, and how the cloud treats the guest. */
import { IMAGE, namespace, text, VOLUME, whole } from "./definitions.ts";

const UUID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$";
const DISTRO = text(
  "Distribution",
  "Short name of the distribution in lower case, such as debian, ubuntu or windows.",
);
const VERSION = text("Version of the system", "Version that the distributor gives it, such as 13 or 24.04.");

export const OPERATING_SYSTEM = namespace(
  "OS::OperatingSystem",
  "Operating system",
  "Which operating system is installed, for people who choose an image and for programs that configure the guest.",
  {
    resource_type_associations: [{ name: IMAGE }, { name: VOLUME, properties_target: "image" }],
    properties: {
      os_distro: DISTRO,
      os_version: VERSION,
      os_admin_user: text(
        "Administrator's account",
        "Login name of the account with all rights, such as root.",
      ),
    },
  },
);

export const COMMON_IMAGE = namespace(
  "OS::Glance::CommonImageProperties",
  "Properties found on most images",
  "Properties that many programs of a cloud write and read.",
  {
    resource_type_associations: [],
    properties: {
      kernel_id: {
        ...text("Kernel", "Id of the image with the kernel, for images that bring none."),
        pattern: UUID,
      },
      ramdisk_id: {
        ...text("RAM disk", "Id of the image with the initial RAM disk, for images that bring none."),
        pattern: UUID,
      },
      instance_uuid: text("Server of origin", "Id of the server that the image is a snapshot of."),
      architecture: text(
        "CPU architecture",
        "Architecture of the processor it is built for, such as x86_64.",
      ),
      os_distro: DISTRO,
      os_version: VERSION,
      description: text("Description", "What the image is, in words for people."),
      cinder_encryption_key_id: text(
        "Key of the volume",
        "Id of the key that the volume of the image is encrypted with.",
      ),
      cinder_encryption_key_deletion_policy: text(
        "End of the key",
        "Whether the key goes when the image is deleted.",
        ["on_image_deletion", "do_not_delete"],
      ),
    },
  },
);

export const SHUTDOWN = namespace(
  "OS::Compute::GuestShutdownBehavior",
  "Shutdown of the guest",
  "How a server of this image is stopped.",
  {
    properties: {
      os_shutdown_timeout: whole(
        "Patience at shutdown",
        "Seconds that the guest gets to stop by itself before it is switched off.",
        { minimum: 0 },
      ),
    },
  },
);

export const INSTANCE_DATA = namespace(
  "OS::Compute::InstanceData",
  "Data for the guest",
  "What a server of this image needs of its surroundings.",
  {
    resource_type_associations: [{ name: IMAGE }, { name: VOLUME, properties_target: "image" }],
    properties: {
      img_config_drive: text(
        "Configuration drive",
        "Whether the guest can do without a drive that holds its configuration.",
        ["optional", "mandatory"],
      ),
      os_require_quiesce: text(
        "Quiet file systems",
        "Whether file systems must be frozen by the guest agent before a snapshot is taken.",
        ["yes", "no"],
      ),
    },
  },
);
