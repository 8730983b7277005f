/** Help texts. */

export const HELP = `oneglance: the OpenStack Image service as one executable

Usage: oneglance COMMAND [options]

Commands
  serve          serve the Images API (also under the name glance-api)
  db             sync, version, check, hand-back: the tables of the database
  metadefs       load, unload, export, list, check: the metadata definitions
  inspect        print the disk format of a file and whether it is safe
  policy         check: why a policy rule allows or denies
  stuck          list and put back images and tasks that a dead process left unfinished
  sample-config  print a commented glance-api.conf
  glance-manage  the commands of glance-manage, as upstream spells them
  help           this text, or help of a command

Options
  --version      the version, and the build of an executable
  -h, --help     this text

First steps: 'oneglance serve --standalone' needs no configuration and no other service.
With a configuration: 'oneglance serve --config-file /etc/glance/glance-api.conf'.`;

const SHARED = `
Configuration
  --config-file FILE   read this file; may be repeated, later ones win
  --config-dir DIR     read the *.conf files of a directory; may be repeated
  --debug, -d          log debug lines
  --log-file FILE      log to a file instead of standard output
  --use-json           log one JSON object a line
  --standalone         use the data of 'serve --standalone' and read no configuration file; the default when no
                       file is found
  --data-dir DIR       the directory of that data; default ~/.local/share/oneglance`;

const TOPICS: Record<string, string> = {
  serve: `Usage: oneglance serve [--standalone] [--config-file FILE …] [--config-dir DIR …]

Serves the Images API until SIGTERM; then it completes requests in flight, refuses new ones, and exits with 0.
Without --config-file it reads the same glance-api.conf as upstream (in ~/.glance, ~, /etc/glance, /etc).
Without any, or with --standalone, it serves on 127.0.0.1:9292 without authentication, with an embedded database and
a file store in a directory of its own.

  --bind-host ADDRESS  listen here
  --bind-port PORT     listen here; 0 takes a free port
  --allow-open-access  listen on other addresses than loopback although every client is an administrator
${SHARED}

Exit codes: 0 stopped, 1 could not start, 2 usage, 5 wrong configuration.`,
  db: `Usage: oneglance db sync|version|check|expand|migrate|contract [--config-file FILE …]
       oneglance db check --against-glance [--json] [--config-file FILE …]
       oneglance db hand-back VERSION [--config-file FILE …]

  sync     create or complete the tables; does nothing when they are up to date
  version  print the revision of the tables
  check    0 up to date, 3 to 5: 'db sync' has something to do
           --against-glance  before oneglance takes over from Glance: what is in the way (8), what is not finished or
                             would be shown differently (7), with what to do; 0: nothing
  expand, migrate, contract
           the steps of a rolling upgrade; expand does everything, the others nothing
  hand-back
           convert the database for a Glance of this version; stop oneglance first
${SHARED}`,
  metadefs: `Usage: oneglance metadefs load [PATH|--shipped] [--merge [--prefer-new|--overwrite]]
       oneglance metadefs unload | export PATH | list [--json] | check IMAGE_ID [--json]

  load    put catalogue files (PATH: a file or a folder; default metadata_source_path) into the database, or the
          catalogue that oneglance ships; leaves existing namespaces unchanged
            --merge       add missing definitions to them
            --prefer-new  with --merge: replace existing definitions too
            --overwrite   delete the namespace first, with all its definitions
  unload  remove every definition, including those made by hand and all resource types
  export  write a catalogue file for each namespace into the folder PATH
  list    the namespaces
  check   list the properties of an image that are defined, undefined, or break their definition
${SHARED}

Exit codes: 0 done, 1 a file was not loaded, or the image breaks a definition, 2 usage.`,
  inspect: `Usage: oneglance inspect FILE [--json] [--disk-format FORMAT] [--config-file FILE …]

Prints the disk format of FILE, its virtual size, and the safety check that it fails: the verdict of an upload as FORMAT,
or as the detected format (raw when images cannot have that). Options of [image_format] are the defaults, or those of
the given configuration.

Exit codes: 0 safe, 1 refused or no such file, 2 usage, 5 wrong configuration.`,
  policy: `Usage: oneglance policy check --rule RULE --as CALLER [--target KEY=VALUE …] [--json]

Prints whether the rule allows, which rule decided and where it is defined.

  --as CALLER         for example role:member,role:reader,project:ID,user:ID; also service_role, user_domain,
                      project_domain, domain and system
  --target KEY=VALUE  an attribute of the image, for example owner=ID
${SHARED}

Exit codes: 0 allowed, 1 denied, 2 usage.`,
  stuck: `Usage: oneglance stuck [--age HOURS] [ID …] [--json] [--put-back]

Lists what a dead glance-api left: images in saving, importing or half staged, images locked by its task (with the
remaining time of the lock), and tasks, if no process of oneglance works on them and they have not changed for HOURS
(24). --put-back fails the tasks, removes the locks, and sets images with an interrupted transfer to queued again and
removes their partial data. Make sure first that no glance-api works on this database.

  --age HOURS  hours without a change
  --put-back   put back all of the list, or those with the IDs
  --json       the list as JSON
${SHARED}

Exit codes: 0 nothing is stuck, 1 something is stuck, 2 usage.`,
  "sample-config": "Usage: oneglance sample-config\n\nPrints a commented glance-api.conf with every option.",
};

/** The help of a command, or null when there is no such command. */
export function helpOf(topic: string): string | null {
  return TOPICS[topic] ?? null;
}
