/** Programs that are installed in an image: databases, runtimes, web servers. */
import { IMAGE, namespace, text, VOLUME, whole } from "./definitions.ts";

const SERVER = "OS::Nova::Server";
const SOFTWARE = [
  { name: IMAGE },
  { name: VOLUME, properties_target: "image" },
  { name: SERVER, properties_target: "metadata" },
];

const VERSION = text("Version", "Version of the program.");
const port = (number: number, protocol = "") => ({
  ...whole(`${protocol} port`.trim(), "TCP port where it takes connections.", { minimum: 1, maximum: 65535 }),
  default: number,
});
const admin = (name?: string) => ({
  ...text("Administrator", "Name of the account with all rights."),
  ...(name === undefined ? {} : { default: name }),
});

export const DATABASES = namespace(
  "OS::Software::DBMS",
  "Databases",
  "Which database programs are installed, and how they are reached.",
  {
    resource_type_associations: [...SOFTWARE, { name: "OS::Trove::Instance" }],
    objects: [
      {
        name: "MySQL",
        description: "MySQL, a relational database.",
        properties: {
          sw_database_mysql_version: VERSION,
          sw_database_mysql_listen_port: port(3606),
          sw_database_mysql_admin: admin("root"),
        },
      },
      {
        name: "PostgreSQL",
        description: "PostgreSQL, a relational database.",
        properties: {
          sw_database_postgresql_version: VERSION,
          sw_database_postgresql_listen_port: port(5432),
          sw_database_postgresql_admin: admin("postgres"),
        },
      },
      {
        name: "SQL Server",
        description: "SQL Server, Microsoft's relational database.",
        properties: {
          sw_database_sqlserver_version: VERSION,
          sw_database_sqlserver_edition: {
            ...text("Edition", "Edition of the program.", [
              "Datacenter",
              "Enterprise",
              "Standard",
              "Web",
              "Business Intelligence",
              "Workgroup",
              "Express",
              "Compact (SQL CE)",
              "Developer",
              "Embedded (SSEE)",
              "Express",
              "Fast Track",
              "LocalDB",
              "Parallel Data Warehouse (PDW)",
              "Business Intelligence",
              "Datawarehouse Appliance Edition",
            ]),
            default: "Express",
          },
          sw_database_sqlserver_listen_port: port(1433),
          sw_database_postsqlserver_admin: admin("sa"),
        },
      },
      {
        name: "Oracle",
        description: "Oracle, Oracle's relational database.",
        properties: {
          sw_database_oracle_version: VERSION,
          sw_database_oracle_edition: {
            ...text("Edition", "Edition of the program.", [
              "Enterprise",
              "Standard",
              "Standard Edition One",
              "Express (XE)",
              "Workgroup",
              "Lite",
            ]),
            default: "Express",
          },
          sw_database_oracle_listen_port: port(1521),
        },
      },
      {
        name: "DB2",
        description: "DB2, IBM's relational database.",
        properties: {
          sw_database_db2_version: VERSION,
          sw_database_db2_port: port(5432),
          sw_database_db2_admin: admin(),
        },
      },
      {
        name: "MongoDB",
        description: "MongoDB, a database of documents.",
        properties: {
          sw_database_mongodb_version: VERSION,
          sw_database_mongodb_listen_port: port(27017),
          sw_database_mongodb_admin: admin(),
        },
      },
      {
        name: "Couchbase Server",
        description: "Couchbase Server, a database of documents.",
        properties: {
          sw_database_couchbaseserver_version: VERSION,
          sw_database_couchbaseserver_listen_port: port(11211),
          sw_database_couchbaseserver_admin: admin("admin"),
        },
      },
      {
        name: "Redis",
        description: "Redis, a store of keys and values in memory.",
        properties: {
          sw_database_redis_version: VERSION,
          sw_database_redis_listen_port: port(6379),
          sw_database_redis_admin: admin("admin"),
        },
      },
      {
        name: "CouchDB",
        description: "CouchDB, a database of documents.",
        properties: {
          sw_database_couchdb_version: VERSION,
          sw_database_couchdb_listen_port: port(5984),
          sw_database_couchdb_admin: admin(),
        },
      },
      {
        name: "Apache Cassandra",
        description: "Apache Cassandra, a database of wide rows over many hosts.",
        properties: {
          sw_database_cassandra_version: VERSION,
          sw_database_cassandra_listen_port: port(9160),
          sw_database_cassandra_admin: admin("cassandra"),
        },
      },
      {
        name: "HBase",
        description: "HBase, a database of wide rows on Hadoop.",
        properties: {
          sw_database_hbase_version: VERSION,
        },
      },
      {
        name: "Hazlecast",
        description: "Hazlecast, a data grid in memory (Hazelcast).",
        properties: {
          sw_database_hazlecast_version: VERSION,
          sw_database_hazlecast_port: port(5701),
        },
      },
    ],
  },
);

export const RUNTIMES = namespace(
  "OS::Software::Runtimes",
  "Runtimes of languages",
  "Which runtimes of programming languages are installed.",
  {
    resource_type_associations: SOFTWARE,
    objects: [
      {
        name: "PHP",
        description: "Interpreter of PHP.",
        properties: {
          sw_runtime_php_version: VERSION,
        },
      },
      {
        name: "Python",
        description: "Interpreter of Python.",
        properties: {
          sw_runtime_python_version: VERSION,
        },
      },
      {
        name: "Java",
        description: "Java runtime.",
        properties: {
          sw_runtime_java_version: VERSION,
        },
      },
      {
        name: "Ruby",
        description: "Interpreter of Ruby.",
        properties: {
          sw_runtime_ruby_version: VERSION,
        },
      },
      {
        name: "Perl",
        description: "Interpreter of Perl.",
        properties: {
          sw_runtime_perl_version: VERSION,
        },
      },
    ],
  },
);

export const WEB_SERVERS = namespace(
  "OS::Software::WebServers",
  "Web servers",
  "Which web servers are installed, and where they listen.",
  {
    resource_type_associations: SOFTWARE,
    objects: [
      {
        name: "Apache HTTP Server",
        description: "Apache's web server.",
        properties: {
          sw_webserver_apache_version: VERSION,
          sw_webserver_apache_http_port: port(80, "HTTP"),
          sw_webserver_apache_https_port: port(443, "HTTPS"),
        },
      },
      {
        name: "Nginx",
        description: "Web server and reverse proxy.",
        properties: {
          sw_webserver_nginx_version: VERSION,
          sw_webserver_nginx_http_port: port(80, "HTTP"),
          sw_webserver_nginx_https_port: port(443, "HTTPS"),
        },
      },
      {
        name: "IIS",
        description: "Microsoft's web server.",
        properties: {
          sw_webserver_iis_version: VERSION,
          sw_webserver_iis_http_port: port(80, "HTTP"),
          sw_webserver_iis_https_port: port(443, "HTTPS"),
        },
      },
    ],
  },
);
