/** Every platform's name, as code or a text could say it. */
export const platformNames = /wecom|dingtalk|feishu|企业微信|钉钉/i;

interface Context {
  report(problem: { node: unknown; message: string }): void;
}

/** server/ names no chat platform, not even to ask which one it is: what one cannot do is a capability of the port. */
const noPlatformName = {
  create(context: Context) {
    const check = (node: unknown, said: unknown) => {
      if (typeof said === 'string' && platformNames.test(said))
        context.report({ node, message: 'server/ names no chat platform: ask a capability of the port.' });
    };
    return {
      Identifier: (node: { name: string }) => check(node, node.name),
      Literal: (node: { value: unknown }) => check(node, node.value),
      TemplateElement: (node: { value: { raw: string } }) => check(node, node.value.raw),
    };
  },
};

export default { meta: { name: 'zhike' }, rules: { 'no-platform-name': noPlatformName } };
