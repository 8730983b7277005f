import assert from "node:assert/strict";
import { describeUsers, otherUsersOf } from "../../src/util/file_users.ts";

Deno.test("other processes that have a file open are named, not this one", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/file`;
    using own = Deno.openSync(path, { write: true, create: true });
    assert.ok(own);
    assert.deepEqual(otherUsersOf(path), []);
    assert.deepEqual(otherUsersOf(`${dir}/none`), []);
    const holder = new Deno.Command("sh", {
      args: ["-c", 'exec 5<"$0"; echo open; read line', path],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    try {
      const reader = holder.stdout.getReader();
      await reader.read();
      await reader.cancel();
      await Deno.symlink(path, `${dir}/link`);
      for (const name of [path, `${dir}/link`]) {
        assert.deepEqual(otherUsersOf(name).map(({ pid }) => pid), [holder.pid]);
      }
      assert.match(describeUsers(otherUsersOf(path)), new RegExp(`^process ${holder.pid} \\(\\S*sh -c exec`));
    } finally {
      await holder.stdin.close();
      await holder.status;
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
