/** The default rules of the metadata definitions (docs/reference/policy.md §5.2, docs/reference/metadefs-api.md §3). */
import type { DefaultRule, DeprecatedDefault } from "./defaults.ts";

const ADMIN = "rule:context_is_admin";
const READER = "role:reader and project_id:%(project_id)s";
const NAMESPACE_READ = "role:reader and (project_id:%(project_id)s or 'public':%(visibility)s)";
const BEFORE_XENA: DeprecatedDefault = { expression: "rule:metadef_default", since: "Xena" };

const NAMESPACES = "/v2/metadefs/namespaces";

function read(name: string, operations: string): DefaultRule {
  return {
    name,
    expression: `${ADMIN} or (${NAMESPACE_READ})`,
    scope: "project",
    operations,
    deprecated: BEFORE_XENA,
  };
}

function write(name: string, operations: string): DefaultRule {
  return { name, expression: "rule:metadef_admin", scope: "project", operations };
}

export const METADEF_RULES: readonly DefaultRule[] = [
  { name: "metadef_default", expression: "", scope: null, operations: "building block" },
  { name: "metadef_admin", expression: ADMIN, scope: null, operations: "building block" },

  read("get_metadef_namespace", `GET ${NAMESPACES}/{ns}, each namespace of a list, gate of all metadefs`),
  {
    name: "get_metadef_namespaces",
    expression: `${ADMIN} or (${READER})`,
    scope: "project",
    operations: `GET ${NAMESPACES}`,
    deprecated: BEFORE_XENA,
  },
  write("modify_metadef_namespace", `PUT ${NAMESPACES}/{ns}`),
  write("add_metadef_namespace", `POST ${NAMESPACES}`),
  write(
    "delete_metadef_namespace",
    `DELETE ${NAMESPACES}/{ns}, and of all its objects, properties or tags at once`,
  ),

  read("get_metadef_object", "GET …/objects/{object}, each object of a list"),
  read("get_metadef_objects", "GET …/objects"),
  write("modify_metadef_object", "PUT …/objects/{object}"),
  write("add_metadef_object", "POST …/objects"),
  write("delete_metadef_object", "DELETE …/objects/{object}"),

  read("list_metadef_resource_types", "GET /v2/metadefs/resource_types"),
  read("get_metadef_resource_type", "GET …/resource_types"),
  write("add_metadef_resource_type_association", "POST …/resource_types"),
  write("remove_metadef_resource_type_association", "DELETE …/resource_types/{name}"),

  read("get_metadef_property", "GET …/properties/{property}, each property of a list"),
  read("get_metadef_properties", "GET …/properties"),
  write("modify_metadef_property", "PUT …/properties/{property}"),
  write("add_metadef_property", "POST …/properties"),
  write("remove_metadef_property", "DELETE …/properties/{property}"),

  read("get_metadef_tag", "GET …/tags/{tag}, each tag of a list"),
  read("get_metadef_tags", "GET …/tags"),
  write("modify_metadef_tag", "PUT …/tags/{tag}"),
  write("add_metadef_tag", "POST …/tags/{tag}"),
  write("add_metadef_tags", "POST …/tags"),
  write("delete_metadef_tag", "DELETE …/tags/{tag}"),
  write("delete_metadef_tags", "DELETE …/tags"),
];
