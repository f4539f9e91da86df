import type { Garbage, KeepPolicy, Maintenance, Usage, Verification } from '../../model/upkeep.ts';
import { findGarbage, type Parts, removeGarbage, undecidable } from './gc.ts';
import type { Asker } from '../../model/waiting.ts';
import { ifPossible } from '../../files/durable.ts';
import { lookAnew } from './look-anew.ts';
import type { Presence } from './presence.ts';
import type { Segments } from './segments/segments.ts';
import { usageOf } from './usage.ts';
import { verifyStore } from './verify/verify.ts';

/** Upkeep of a local store as a whole. */
export class LocalMaintenance implements Maintenance {
  private readonly parts: Parts;
  private readonly presence: Presence;

  private readonly segments: Segments;

  constructor(parts: Parts, { presence, segments }: { readonly presence: Presence; readonly segments: Segments }) {
    this.parts = parts;
    this.presence = presence;
    this.segments = segments;
  }

  verify(): Promise<Verification> {
    lookAnew(this.parts.root, this.segments);
    return verifyStore(this.parts);
  }

  async takeAlone(asker: Asker): Promise<boolean> {
    const isAlone = await this.presence.takeAlone(asker);
    if (isAlone) lookAnew(this.parts.root, this.segments);
    return isAlone;
  }

  leave(): void {
    const { presence, segments } = this;
    // Joining spares work later. Whoever comes meanwhile waits, which is short.
    if (segments.isCrowded && presence.takeAloneNow()) ifPossible(() => segments.join());
    presence.leave();
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
