/** Rows are allocated in chunks, so that growing copies nothing and a small table stays small. */
export const CHUNK_BITS = 10;
export const CHUNK_ROWS: number = 1 << CHUNK_BITS;
export const CHUNK_MASK: number = CHUNK_ROWS - 1;

/** How many rows each insertion looks at for expired ones, and how many an eviction may look at. */
const SWEEP_ROWS = 2;
const EVICTION_ROWS = 32;
/** The index grows a segment at a time, so that no request waits for a million keys to be moved. */
const SEGMENTS = 64;
const SMALLEST_SEGMENT = 16;
const FREE = 0;
const USED = 1;

/**
 * Finds the row of a 64-bit fingerprint: open addressing with linear probing over row numbers.
 *
 * Bounded. A full table first gives up expired rows, then the unblocked row that would expire first
 * among those at hand. A blocked row is never given up: keys that find no room share one more row,
 * the overflow row, and with it one key's worth of the policy.
 */
export abstract class KeyIndex {
  readonly #maxKeys: number;
  readonly #segments: Int32Array[] = [];
  readonly #fill = new Int32Array(SEGMENTS);
  readonly #low: Uint32Array[] = [];
  readonly #high: Uint32Array[] = [];
  readonly #used: Uint8Array[] = [];
  readonly #free: number[] = [];
  #allocated = 0;
  #hand = 0;
  #size = 0;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
    for (let i = 0; i < SEGMENTS; i++) this.#segments.push(new Int32Array(SMALLEST_SEGMENT));
  }

  protected abstract addChunk(): void;
  protected abstract expiresAt(row: number): number;
  protected abstract blockedUntil(row: number): number;

  get size(): number {
    return this.#size;
  }

  protected get overflowRow(): number {
    return this.#maxKeys;
  }

  protected isLive(row: number, now: number): boolean {
    return row >> CHUNK_BITS < this.#used.length && this.expiresAt(row) > now;
  }

  protected find(low: number, high: number, now: number): number {
    const slots = this.#segmentOf(high);
    const mask = slots.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const row = (slots[slot] ?? 0) - 1;
      if (row === -1) break;
      if (this.#lowOf(row) === low && this.#highOf(row) === high) return row;
    }
    // While keys overflow, one that has no row is counted with them, unless there is room again.
    if (this.#size < this.#maxKeys || !this.isLive(this.overflowRow, now)) return -1;
    return this.#evict(now) ? -1 : this.overflowRow;
  }

  /** Gives a row to a fingerprint that has none. What the row holds is of an earlier key. */
  protected insert(low: number, high: number, now: number): number {
    this.#sweep(now);
    if (this.#free.length === 0 && this.#allocated === this.#maxKeys && !this.#evict(now)) {
      this.#allocateThrough(this.overflowRow);
      return this.overflowRow;
    }
    const row = this.#free.pop() ?? this.#allocated++;
    this.#allocateThrough(row);
    set(this.#low, row, low);
    set(this.#high, row, high);
    set(this.#used, row, USED);
    this.#enter(row, low, high);
    this.#size += 1;
    return row;
  }

  #sweep(now: number): void {
    for (let i = 0; i < SWEEP_ROWS && this.#allocated > 0; i++) {
      const row = this.#advance();
      if (get(this.#used, row) === USED && this.expiresAt(row) <= now) this.#remove(row);
    }
  }

  /** Frees one row, or finds that all within reach are blocked. */
  #evict(now: number): boolean {
    let victim = -1;
    let soonest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < Math.min(EVICTION_ROWS, this.#allocated); i++) {
      const row = this.#advance();
      if (get(this.#used, row) === FREE) continue;
      const expires = this.expiresAt(row);
      if (expires <= now) {
        victim = row;
        break;
      }
      if (expires < soonest && this.blockedUntil(row) <= now) {
        victim = row;
        soonest = expires;
      }
    }
    if (victim === -1) return false;
    this.#remove(victim);
    return true;
  }

  #advance(): number {
    this.#hand = this.#hand + 1 < this.#allocated ? this.#hand + 1 : 0;
    return this.#hand;
  }

  #remove(row: number): void {
    const slots = this.#segmentOf(this.#highOf(row));
    const mask = slots.length - 1;
    let hole = this.#lowOf(row) & mask;
    while ((slots[hole] ?? 0) - 1 !== row) hole = (hole + 1) & mask;
    // Close the gap: move up every later entry of the run that may lie that far up.
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot] ?? 0;
      if (entry === 0) break;
      const home = this.#lowOf(entry - 1) & mask;
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        slots[hole] = entry;
        hole = slot;
      }
    }
    slots[hole] = 0;
    const segment = this.#highOf(row) % SEGMENTS;
    this.#fill[segment] = (this.#fill[segment] ?? 0) - 1;
    set(this.#used, row, FREE);
    this.#free.push(row);
    this.#size -= 1;
  }

  #enter(row: number, low: number, high: number): void {
    const segment = high % SEGMENTS;
    const filled = (this.#fill[segment] ?? 0) + 1;
    let slots = this.#segmentOf(high);
    if (filled * 10 > slots.length * 7) {
      const larger = new Int32Array(slots.length * 2);
      for (const entry of slots) if (entry !== 0) place(larger, entry - 1, this.#lowOf(entry - 1));
      this.#segments[segment] = larger;
      slots = larger;
    }
    this.#fill[segment] = filled;
    place(slots, row, low);
  }

  #segmentOf(high: number): Int32Array {
    return this.#segments[high % SEGMENTS] as Int32Array;
  }

  #allocateThrough(row: number): void {
    while (this.#used.length <= row >> CHUNK_BITS) {
      this.#low.push(new Uint32Array(CHUNK_ROWS));
      this.#high.push(new Uint32Array(CHUNK_ROWS));
      this.#used.push(new Uint8Array(CHUNK_ROWS));
      this.addChunk();
    }
  }

  #lowOf(row: number): number {
    return get(this.#low, row);
  }

  #highOf(row: number): number {
    return get(this.#high, row);
  }
}

function place(slots: Int32Array, row: number, low: number): void {
  const mask = slots.length - 1;
  let slot = low & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = row + 1;
}

function get(chunks: readonly (Uint32Array | Uint8Array)[], row: number): number {
  return chunks[row >> CHUNK_BITS]?.[row & CHUNK_MASK] ?? 0;
}

function set(chunks: readonly (Uint32Array | Uint8Array)[], row: number, value: number): void {
  const chunk = chunks[row >> CHUNK_BITS];
  if (chunk !== undefined) chunk[row & CHUNK_MASK] = value;
}
