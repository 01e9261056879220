import { expect, onTestFinished, test } from 'vitest';
import { launchOldBrowser } from '#tests/support/old-browser.ts';
import { clientAgent, putBridge } from './client-bridge.ts';
import { startMockProduct } from './mock-product.ts';
import { contactKey, someMessages, someView } from './mock-view.ts';

test.each(['chromium-69', 'chromium-107'] as const)('the sidebar starts in the kernel of %s', async (kernel) => {
  const product = await startMockProduct(someView(), someMessages());
  onTestFinished(() => product.close());
  const browser = await launchOldBrowser(kernel);
  onTestFinished(() => browser.close());
  expect(browser.product).toContain(`/${kernel.split('-')[1]}.`);

  const bridge = { entry: 'single_chat_tools', contact: contactKey, send: 'ok' };
  await browser.beforePages(`
    Object.defineProperty(navigator, 'userAgent', { get: () => ${JSON.stringify(clientAgent)} });
    Object.defineProperty(navigator, 'language', { get: () => 'zh-CN' });
    (${putBridge.toString()})(${JSON.stringify(bridge)});
  `);
  await browser.goTo(`${product.url}/sidebar.html`);
  await expect
    .poll(() => browser.evaluate(`(document.querySelector('#reply') || {}).value`))
    .toBe('陈女士您好，优惠价 10,880 元/年。');
  const text = await browser.evaluate('document.body.innerText');
  for (const word of ['陈女士', '答复优惠与交期', '52']) expect(text).toContain(word);

  await browser.evaluate(`document.getElementById('tab-follow').click()`);
  await expect.poll(() => browser.evaluate('document.body.innerText')).toContain('聊天里的承诺');
  await browser.evaluate(`document.getElementById('tab-assist').click()`);
  await browser.evaluate(`document.querySelector('.more').click()`);
  await expect.poll(() => browser.evaluate('document.body.innerText')).toContain('退出登录');
  expect(browser.faults).toEqual([]);
});
