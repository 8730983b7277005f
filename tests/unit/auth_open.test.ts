import assert from "node:assert/strict";
import { isError } from "../../src/errors.ts";
import { testAuth } from "../support/auth.ts";

for (const flavor of [null, "", "caching", "cachemanagement"]) {
  Deno.test(`flavor ${JSON.stringify(flavor)}: whoever connects is an administrator`, async () => {
    using auth = await testAuth(flavor === null ? {} : { "paste_deploy.flavor": flavor });
    assert.equal(auth.authenticator.open, true);
    assert.equal(auth.authenticator.challenge, null);
    const caller = await auth.identify({
      "x-auth-token": "user:tenant:role",
      "x-user-id": "mallory",
      "x-project-id": "p",
      "x-roles": "reader",
      "x-identity-status": "Confirmed",
    });
    assert.equal(caller?.isAdmin, true);
    assert.equal(caller.userId, null);
    assert.equal(caller.projectId, null);
    assert.equal(caller.readOnly, false);
    assert.deepEqual(caller.roles, ["admin", "member", "reader"]);
  });
}

for (const flavor of ["keystone+cache", "Keystone", "trusted-auth", "__proto__", "constructor", "none"]) {
  Deno.test(`flavor ${flavor} is refused, and the known ones are listed`, async () => {
    await assert.rejects(
      testAuth({ "paste_deploy.flavor": flavor }),
      (error) => isError(error, "config") && error.message.includes("keystone+cachemanagement"),
    );
  });
}
