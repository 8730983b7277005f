import { accepted, bool, choice, dict, int, list, multi, octal, str } from "./option.ts";

/** Options of every store of the multi-store mode (docs/reference/configuration.md §9). */
export const COMMON_STORE_OPTIONS = {
  store_description: str({ help: "Text about the store in GET /v2/info/stores." }),
  weight: int({ default: 0, help: "The store of the highest weight is read first." }),
};

/** Driver `file` (docs/reference/configuration.md §10.1). */
export const FILE_STORE_OPTIONS = {
  filesystem_store_datadir: str({
    default: "/var/lib/glance/images",
    help: "Directory of the images. Must be blank when filesystem_store_datadirs is set.",
  }),
  filesystem_store_datadirs: multi({
    default: [],
    help: "Several directories, each as path or path:priority.",
  }),
  filesystem_store_metadata_file: str({
    help: "JSON file with `id` and `mountpoint` for location metadata.",
  }),
  filesystem_store_file_perm: octal({
    default: 0,
    help: "Mode of image files in octal digits, for example 640; 0 means the default of the umask.",
  }),
  filesystem_store_chunk_size: int({ default: 65536, min: 1, help: "Bytes read or written at a time." }),
  filesystem_thin_provisioning: bool({ default: false, help: "Leave holes for chunks of zeros." }),
  filesystem_store_timeout: int({
    default: 0,
    min: 0,
    help: "Seconds for one stat, statvfs or unlink, after which the answer is 503; 0 means no limit.",
  }),
  filesystem_store_thread_pool_size: int({
    default: 10,
    min: 1,
    acts: false,
    help: "Threads of that limit.",
  }),
  filesystem_store_threadpool_threshold: int({
    default: 75,
    min: 0,
    max: 100,
    acts: false,
    help: "Percentage of these threads at which a warning is logged.",
  }),
};

/** Driver `http` (docs/reference/configuration.md §10.2). */
export const HTTP_STORE_OPTIONS = {
  https_ca_certificates_file: str({ help: "CA certificates; when set, certificates are checked." }),
  https_insecure: bool({
    default: true,
    help: "Do not check certificates. True by default, as upstream; set https_ca_certificates_file or false.",
  }),
  http_proxy_information: dict({
    acts: false,
    help:
      "Proxies as scheme:host:port pairs. Not used: a proxy would look up the names of locations itself, past " +
      "the check of their addresses. A warning says so at the start.",
  }),
};

/** Driver `rbd` (docs/reference/configuration.md §10.3), which oneglance does not have yet. */
export const RBD_STORE_OPTIONS = accepted({
  rbd_store_pool: str({ default: "images", help: "Ceph pool of the images." }),
  rbd_store_user: str({ help: "Ceph user without `client.`; unset means admin." }),
  rbd_store_ceph_conf: str({ default: "", help: "ceph.conf; empty means Ceph's own search." }),
  rbd_store_chunk_size: int({ default: 8, min: 1, help: "MiB written at once, and size of RBD objects." }),
  rados_connect_timeout: int({ default: -1, help: "Seconds to connect; negative means Ceph's default." }),
  rbd_thin_provisioning: bool({ default: false, help: "Do not write chunks of zeros." }),
});

/** Driver `vmware` (docs/reference/configuration.md §10.7), which oneglance does not have. */
export const VMWARE_STORE_OPTIONS = {
  vmware_server_host: str({ acts: false, help: "vCenter or ESX server." }),
  vmware_server_username: str({ acts: false, help: "User name at that server." }),
  vmware_server_password: str({ acts: false, secret: true, help: "Password of that user." }),
  vmware_datastores: multi({
    default: [],
    acts: false,
    help: "Datastores as path:name or path:name:weight.",
  }),
  vmware_store_image_dir: str({
    default: "/openstack_glance",
    acts: false,
    help: "Directory of the images.",
  }),
  vmware_api_retry_count: int({
    default: 10,
    min: 1,
    acts: false,
    help: "Attempts of one request to that server.",
  }),
  vmware_task_poll_interval: int({
    default: 5,
    min: 1,
    acts: false,
    help: "Seconds between two checks of a running task of that server.",
  }),
  vmware_insecure: bool({
    default: false,
    acts: false,
    aliases: ["vmware_api_insecure"],
    help: "Do not check certificates.",
  }),
  vmware_ca_file: str({ acts: false, help: "CA certificates for that server." }),
};

/** Driver `s3` (docs/reference/configuration.md §10.4), which oneglance does not have yet. */
export const S3_STORE_OPTIONS = accepted({
  s3_store_host: str({ help: "Endpoint: http://host:port, https://host, or a bare host, which means http." }),
  s3_store_region_name: str({ default: "", help: "Region of the bucket." }),
  s3_store_access_key: str({ secret: true, help: "Access key; required." }),
  s3_store_secret_key: str({ secret: true, help: "Secret key; required." }),
  s3_store_bucket: str({ help: "Bucket of the images; required." }),
  s3_store_create_bucket_on_put: bool({ default: false, help: "Create the bucket when it is missing." }),
  s3_store_bucket_url_format: choice({
    choices: ["auto", "virtual", "path"],
    default: "auto",
    help: "Place of the bucket in URLs: in the path or in the host name.",
  }),
  s3_store_large_object_size: int({
    default: 100,
    min: 0,
    help: "MB from which an object is uploaded in parts; 0 means always.",
  }),
  s3_store_large_object_chunk_size: int({ default: 10, min: 5, help: "MB of one part." }),
  s3_store_thread_pools: int({ default: 10, min: 1, help: "Parts uploaded at the same time." }),
  s3_store_cacert: str({ default: "", help: "CA certificates; empty means the system's." }),
  s3_store_enable_data_integrity_protection: bool({
    default: false,
    acts: false,
    help: "Extra checksums of boto3.",
  }),
  s3_store_request_checksum_calculation: choice({
    choices: ["when_required", "when_supported"],
    default: "when_required",
    acts: false,
    help: "Extra checksums of boto3.",
  }),
  s3_store_response_checksum_validation: choice({
    choices: ["when_required", "when_supported"],
    default: "when_required",
    acts: false,
    help: "Extra checksums of boto3.",
  }),
});

/** Driver `swift` (docs/reference/configuration.md §10.5), which oneglance does not have yet; its MB are 1000×1024 bytes. */
export const SWIFT_STORE_OPTIONS = accepted({
  swift_store_config_file: str({ help: "File of accounts, one section each." }),
  default_swift_reference: str({ default: "ref1", help: "Section of that file for new images." }),
  swift_store_auth_version: str({ default: "3", help: "Version of Keystone's API; 3 only." }),
  swift_store_auth_address: str({ help: "URL of Keystone." }),
  swift_store_user: str({ help: "User as project:user." }),
  swift_store_key: str({ secret: true, help: "Password of that user." }),
  swift_store_project_name: str({ help: "Name of that user's project." }),
  swift_store_project_id: str({ help: "Id of that user's project." }),
  swift_store_application_credential_id: str({
    help: "Id of an application credential, instead of user and key.",
  }),
  swift_store_application_credential_secret: str({
    secret: true,
    help: "Secret of the application credential.",
  }),
  swift_store_container: str({
    default: "glance",
    help: "Container of the images, or the start of its name when there are several.",
  }),
  swift_store_create_container_on_put: bool({ default: false, help: "Create the container when missing." }),
  swift_store_large_object_size: int({
    default: 5120,
    min: 1,
    help: "MB from which an object has segments.",
  }),
  swift_store_large_object_chunk_size: int({ default: 200, min: 1, help: "MB of one segment." }),
  swift_store_region: str({ help: "Region of Swift's endpoint." }),
  swift_store_endpoint: str({ help: "URL of Swift instead of the catalog's." }),
  swift_store_endpoint_type: choice({
    choices: ["publicURL", "adminURL", "internalURL"],
    default: "publicURL",
    help: "Kind of endpoint to use from the catalog.",
  }),
  swift_store_service_type: str({ default: "object-store", help: "Type of Swift in the catalog." }),
  swift_store_multi_tenant: bool({ default: false, help: "Store in the account of each image's owner." }),
  swift_store_admin_tenants: list({ default: [], help: "Accounts that get read and write access too." }),
  swift_store_multiple_containers_seed: int({
    default: 0,
    min: 0,
    max: 32,
    help: "Spread over containers named by that many first characters of the image id.",
  }),
  swift_store_auth_insecure: bool({ default: false, help: "Do not check certificates." }),
  swift_store_cacert: str({ help: "CA certificates for Swift and Keystone." }),
  swift_store_ssl_compression: bool({
    default: true,
    acts: false,
    help: "Compression of TLS; none any more.",
  }),
  swift_store_retry_get_count: int({
    default: 0,
    min: 0,
    help: "Attempts to resume a broken download.",
  }),
  swift_store_expire_soon_interval: int({
    default: 60,
    min: 0,
    help: "Seconds before its end at which a token is replaced.",
  }),
  swift_store_use_trusts: bool({ default: true, help: "Use a trust for long uploads in multi-tenant mode." }),
  swift_buffer_on_upload: bool({ default: false, help: "Keep a segment on disk until it is stored." }),
  swift_upload_buffer_dir: str({ help: "Directory for the segments of swift_buffer_on_upload." }),
});

/** Driver `cinder` (docs/reference/configuration.md §10.6), which oneglance does not have yet. */
export const CINDER_STORE_OPTIONS = accepted({
  cinder_catalog_info: str({
    default: "volumev3::publicURL",
    help: "Cinder in the catalog, as type:name:interface.",
  }),
  cinder_endpoint_template: str({ help: "URL of Cinder with %(project_id)s instead of the catalog's." }),
  cinder_os_region_name: str({ aliases: ["os_region_name"], help: "Region of Cinder's endpoint." }),
  cinder_store_auth_address: str({ help: "URL of Keystone for the service's own volumes." }),
  cinder_store_user_name: str({ help: "User name for the service's own volumes." }),
  cinder_store_password: str({ secret: true, help: "Password of that user." }),
  cinder_store_project_name: str({ help: "Project of that user." }),
  cinder_store_user_domain_name: str({ default: "Default", help: "Domain of the user." }),
  cinder_store_project_domain_name: str({ default: "Default", help: "Domain of the project." }),
  cinder_store_application_credential_id: str({
    help: "Application credential instead of user and password.",
  }),
  cinder_store_application_credential_secret: str({
    secret: true,
    help: "Secret of the application credential.",
  }),
  cinder_volume_type: str({ help: "Volume type; unset means Cinder's default." }),
  cinder_mount_point_base: str({
    default: "/var/lib/glance/mnt",
    help: "Directory in which NFS shares of volumes are mounted.",
  }),
  cinder_ca_certificates_file: str({ help: "CA certificates for Cinder." }),
  cinder_api_insecure: bool({ default: false, help: "Do not check certificates." }),
  cinder_http_retries: int({ default: 3, min: 0, help: "Times to try a failed request to Cinder again." }),
  cinder_state_transition_timeout: int({ default: 300, min: 0, help: "Seconds to wait for a volume." }),
  cinder_use_multipath: bool({ default: false, help: "Attach volumes by several paths." }),
  cinder_enforce_multipath: bool({
    default: false,
    help: "Fail an attachment when multipath does not work.",
  }),
  cinder_do_extend_attached: bool({ default: false, help: "Extend a volume while it is attached." }),
  cinder_attachment_retry_attempts: int({ default: 5, min: 1, help: "Attempts to attach." }),
  rootwrap_config: str({
    default: "/etc/glance/rootwrap.conf",
    acts: false,
    help: "Configuration of oslo.rootwrap, which runs commands as root.",
  }),
});

/** Every option that a store's section may have. */
export const STORE_OPTIONS = {
  ...COMMON_STORE_OPTIONS,
  ...FILE_STORE_OPTIONS,
  ...HTTP_STORE_OPTIONS,
  ...RBD_STORE_OPTIONS,
  ...S3_STORE_OPTIONS,
  ...SWIFT_STORE_OPTIONS,
  ...CINDER_STORE_OPTIONS,
  ...VMWARE_STORE_OPTIONS,
};

/** `[glance_store]`, without the driver options of the single-store mode (docs/reference/configuration.md §8, §9). */
export const GLANCE_STORE_OPTIONS = {
  stores: list({ default: ["file", "http"], help: "Single-store mode: enabled drivers." }),
  default_store: choice({
    choices: [
      "file",
      "filesystem",
      "http",
      "https",
      "swift",
      "swift+http",
      "swift+https",
      "swift+config",
      "rbd",
      "cinder",
      "vsphere",
      "s3",
    ],
    default: "file",
    help: "Single-store mode: scheme of the store for uploads.",
  }),
  default_backend: str({ help: "Multi-store mode: id of the store for uploads." }),
};
