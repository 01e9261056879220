import type { EventSwitch } from '#server/inbound/inbound-event.ts';
import type { PlatformEvent } from '#server/platform/event.ts';

/** Deeds that note what was done, and fail when a test says so. */
export class TestDeeds implements EventSwitch {
  handled: PlatformEvent[] = [];
  hurried: PlatformEvent[] = [];
  /** Throws what a deed should fail with. */
  onHandle: (event: PlatformEvent) => void | Promise<void> = () => {};

  reset(): void {
    this.handled = [];
    this.hurried = [];
    this.onHandle = () => {};
  }

  ignores(kind: PlatformEvent['kind']): boolean {
    return kind === 'unknown';
  }

  isUrgent(kind: PlatformEvent['kind']): boolean {
    return kind === 'contact_added';
  }

  async hurry(_deps: unknown, _platform: string, event: PlatformEvent): Promise<void> {
    this.hurried.push(event);
  }

  async handle(_deps: unknown, _platform: string, event: PlatformEvent): Promise<void> {
    await this.onHandle(event);
    this.handled.push(event);
  }
}

const START = Date.parse('2026-03-01T01:00:00.000Z');

/** An edit of a contact, `second` seconds into the hour. */
export function edited(contact: string, second = 0): PlatformEvent {
  const occurredAt = new Date(START + second * 1000).toISOString();
  return { kind: 'contact_edited', contact, member: 'lin', occurredAt };
}

export function added(contact: string, second = 0, welcomeCode = `code-${contact}`): PlatformEvent {
  return { ...edited(contact, second), kind: 'contact_added', half: false, welcomeCode } as PlatformEvent;
}
