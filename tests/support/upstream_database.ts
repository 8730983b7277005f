/** Databases made by upstream's own tool, where it is installed. */

const MANAGE = "/usr/bin/glance-manage";

/** Runs upstream's `glance-manage db ACTION` on a file. Where it is not installed: prints a line and returns null. */
export async function upstreamManage(
  directory: string,
  path: string,
  action: string,
): Promise<{ code: number; stdout: string } | null> {
  const config = `${directory}/glance-manage.conf`;
  await Deno.writeTextFile(config, `[database]\nconnection = sqlite:///${path}\n`);
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
