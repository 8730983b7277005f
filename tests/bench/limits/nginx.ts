/** The limit of a download: nginx, one worker, sendfile, the same file. */
import { Child, freePort } from "../harness/child.ts";
import { BenchTrouble } from "../harness/measure.ts";

export interface Nginx {
  /** Returns the URL of a file in the served folder. */
  fileUrl(path: string): string;
  child: Child;
}

/** Starts nginx on the folder `root`; nginx writes only in `dir`. */
export async function startNginx(nginx: string, dir: string, root: string): Promise<Nginx> {
  const port = freePort();
  const scratch = `${dir}/nginx`;
  await Deno.mkdir(scratch, { recursive: true });
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${scratch}/${name};`).join(" ");
  // When root starts nginx, it switches to a user that may not read the folder.
  const user = Deno.uid() === 0 ? "user root;" : "";
  await Deno.writeTextFile(
    `${scratch}/nginx.conf`,
    `daemon off; pid ${scratch}/pid; error_log ${scratch}/error.log; worker_processes 1; ${user}
events { worker_connections 64; }
http {
  access_log off; sendfile on; tcp_nopush on; ${temp}
  server { listen 127.0.0.1:${port}; root ${root}; location = /ready { return 200 'ready'; } }
}
`,
  );
  const child = new Child(`${scratch}/output.log`, [nginx, "-p", scratch, "-c", `${scratch}/nginx.conf`]);
  const url = `http://127.0.0.1:${port}`;
  try {
    await child.untilAnswer(`${url}/ready`, performance.now(), 10);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    child,
    fileUrl(path) {
      if (!path.startsWith(`${root}/`)) throw new BenchTrouble(`${path} is not below ${root}`);
      return url + path.slice(root.length);
    },
  };
}
