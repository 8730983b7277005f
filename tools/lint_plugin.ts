/**
 * Our own rules for `deno lint`. A policy check returns a value or a promise; code that does not await it compiles, and
 * lets every caller pass.
 */

/** Functions with this name refuse a caller. */
const AUTHORIZE = /^authorize/;
/** Methods that return whether a caller passes: `policy.allows`, `protections.allows`, `policy.passes`. */
const ANSWERS: ReadonlySet<string> = new Set(["allows", "passes"]);

type Parent = Deno.lint.Node & { parent?: Deno.lint.Node };

const awaitAuthorization: Deno.lint.Rule = {
  create(context) {
    const path = context.filename.replaceAll("\\", "/");
    if (!/(^|\/)src\//.test(path)) return {};
    const report = (node: Deno.lint.Node, message: string) => context.report({ node, message });
    return {
      Identifier(node) {
        if (!AUTHORIZE.test(node.name)) return;
        const message = misuse(node);
        if (message !== null) report(node, message);
      },
      CallExpression(node) {
        const { callee } = node;
        if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return;
        // Policy itself combines the promises before it awaits them.
        if (!ANSWERS.has(callee.property.name) || /(^|\/)src\/policy\//.test(path)) return;
        if (node.parent.type !== "AwaitExpression") {
          report(node, `${callee.property.name}(…) may answer with a promise: await it.`);
        }
      },
    };
  },
};

/** Returns the error message for a wrong use of the name, or null. */
function misuse(node: Deno.lint.Identifier): string | null {
  const { name } = node;
  const parent = (node as Parent).parent!;
  if (parent.type === "ImportSpecifier") {
    const renamed = parent.local.name !== (parent.imported as Deno.lint.Identifier).name;
    return renamed ? `${name} keeps its name: by it the missing await is found.` : null;
  }
  if (parent.type === "FunctionDeclaration" && parent.id === node) return null;
  if (parent.type !== "CallExpression" || parent.callee !== node) {
    return `${name} is for calling alone: who passes it on may forget to await it.`;
  }
  const user = (parent as Parent).parent!;
  if (user.type === "AwaitExpression") return null;
  return isHandedOn(parent, user)
    ? null
    : `${name}(…) is not awaited: only a function called authorize… may hand its promise on.`;
}

/** Whether the call's promise goes to the caller of a function whose own name is `authorize…`. */
function isHandedOn(call: Deno.lint.CallExpression, user: Deno.lint.Node): boolean {
  const returned = user.type === "ReturnStatement" ||
    user.type === "ArrowFunctionExpression" && user.body === call ||
    user.type === "CallExpression" && user.callee.type === "Identifier" && AUTHORIZE.test(user.callee.name) ||
    user.type === "ConditionalExpression" && (user as Parent).parent?.type === "ReturnStatement";
  if (!returned) return false;
  for (let node: Deno.lint.Node | undefined = user; node; node = (node as Parent).parent) {
    if (node.type === "FunctionDeclaration") return node.id !== null && AUTHORIZE.test(node.id.name);
  }
  return false;
}

const plugin: Deno.lint.Plugin = {
  name: "oneglance",
  rules: { "await-authorization": awaitAuthorization },
};

// Deno loads a plugin by its default export.
export default plugin;
