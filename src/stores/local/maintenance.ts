import type { Garbage, KeepPolicy, Maintenance, Usage, Verification } from '../../model/upkeep.ts';
import { findGarbage, type Parts, removeGarbage, undecidable } from './gc.ts';
import type { Asker } from '../../model/waiting.ts';
import type { Presence } from './presence.ts';
import { usageOf } from './usage.ts';
import { verifyStore } from './verify/verify.ts';

/** Upkeep of a local store as a whole. */
export class LocalMaintenance implements Maintenance {
  private readonly parts: Parts;
  private readonly presence: Presence;

  constructor(parts: Parts, presence: Presence) {
    this.parts = parts;
    this.presence = presence;
  }

  verify(): Promise<Verification> {
    return verifyStore(this.parts);
  }

  takeAlone(asker: Asker): Promise<boolean> {
    return this.presence.takeAlone(asker);
  }

  leave(): void {
    this.presence.leave();
  }

  undecidable(): ReturnType<Maintenance['undecidable']> {
    return undecidable(this.parts);
  }

  findGarbage(policy: KeepPolicy): Garbage {
    return findGarbage(this.parts, policy);
  }

  remove(garbage: Garbage, { thorough = false }: { readonly thorough?: boolean } = {}): readonly string[] {
    return removeGarbage(this.parts, garbage, thorough);
  }

  usage(): Usage {
    return usageOf(this.parts);
  }
}
