/** Databases made by upstream's own tool, where it is installed. */

const MANAGE = "/usr/bin/glance-manage";

/** What upstream's tool printed, and its exit code. */
export interface Upstream {
  code: number;
  stdout: string;
}

/** Runs upstream's `glance-manage db ACTION` on a file. Where it is not installed: prints a line and returns null. */
export function upstreamManage(directory: string, path: string, action: string): Promise<Upstream | null> {
  return upstreamManageOn(directory, `sqlite:///${path}`, action);
}

/** The same on a database of any kind. */
export async function upstreamManageOn(
  directory: string,
  connection: string,
  action: string,
): Promise<Upstream | null> {
  const config = `${directory}/glance-manage.conf`;
  await Deno.writeTextFile(config, `[database]\nconnection = ${connection}\n`);
  try {
    const args = ["--config-file", config, "db", action];
    const { code, stdout } = await new Deno.Command(MANAGE, { args, stderr: "null", stdout: "piped" })
      .output();
    return { code, stdout: new TextDecoder().decode(stdout) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.warn(`SKIPPED: ${MANAGE} is not installed, so no database of upstream's own making is tested`);
    return null;
  }
}
