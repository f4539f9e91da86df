import type { Garbage, KeepPolicy, Maintenance } from '../../model/upkeep.ts';
import { findGarbage, type Parts, removeGarbage } from './gc.ts';
import type { Asker } from '../../model/waiting.ts';
import type { Presence } from './presence.ts';
import { verifyStore } from './verify.ts';

/** Upkeep of a local store as a whole. */
export class LocalMaintenance implements Maintenance {
  private readonly parts: Parts;
  private readonly presence: Presence;

  constructor(parts: Parts, presence: Presence) {
    this.parts = parts;
    this.presence = presence;
  }

  verify(): ReturnType<typeof verifyStore> {
    return verifyStore(this.parts);
  }

  takeAlone(asker: Asker): Promise<boolean> {
    return this.presence.takeAlone(asker);
  }

  leave(): void {
    this.presence.leave();
  }

  findGarbage(policy: KeepPolicy): Garbage {
    return findGarbage(this.parts, policy);
  }

  remove(garbage: Garbage): readonly string[] {
    return removeGarbage(this.parts, garbage);
  }
}
