/** One lease, and its place in a tree of them. */
export interface LeaseNode {
  readonly id: string;
  readonly slots: number;
  readonly expires: number;
  readonly priority: number;
  /** The slots of this lease and of all below it. */
  total: number;
  earlier: LeaseTree;
  later: LeaseTree;
}

/**
 * Leases in the order in which they expire, with the sums of their slots: a treap (C. R. Aragon, R. G.
 * Seidel). Whatever is asked of it takes steps by the logarithm of its size, however many leases
 * there are and however their lives differ.
 */
export type LeaseTree = LeaseNode | undefined;

export function createLease(id: string, slots: number, expires: number): LeaseNode {
  const priority = Math.floor(Math.random() * 2 ** 30);
  return { id, slots, expires, priority, total: slots, earlier: undefined, later: undefined };
}

/** Puts a lease into its place. */
export function withLease(tree: LeaseTree, lease: LeaseNode): LeaseNode {
  if (tree === undefined) return lease;
  if (lease.priority > tree.priority) {
    split(tree, lease);
    return counted(lease);
  }
  if (isBefore(lease, tree)) tree.earlier = withLease(tree.earlier, lease);
  else tree.later = withLease(tree.later, lease);
  return counted(tree);
}

/** Takes out a lease, which must be in the tree. */
export function withoutLease(tree: LeaseTree, lease: LeaseNode): LeaseTree {
  if (tree === undefined) return undefined;
  if (tree === lease) return joined(lease.earlier, lease.later);
  if (isBefore(lease, tree)) tree.earlier = withoutLease(tree.earlier, lease);
  else tree.later = withoutLease(tree.later, lease);
  return counted(tree);
}

export function firstLease(tree: LeaseTree): LeaseTree {
  let lease = tree;
  while (lease?.earlier !== undefined) lease = lease.earlier;
  return lease;
}

export function lastLease(tree: LeaseTree): LeaseTree {
  let lease = tree;
  while (lease?.later !== undefined) lease = lease.later;
  return lease;
}

/** Finds the lease with which so many slots, from 1, have expired. */
export function leaseAtSlot(tree: LeaseTree, slot: number): LeaseTree {
  let lease = tree;
  let missing = slot;
  while (lease !== undefined) {
    const before = lease.earlier?.total ?? 0;
    if (missing <= before) {
      lease = lease.earlier;
    } else {
      missing -= before + lease.slots;
      if (missing <= 0) return lease;
      lease = lease.later;
    }
  }
  return undefined;
}

/** Divides a tree into what expires before a lease and what expires after it, and hangs both below it. */
function split(tree: LeaseTree, lease: LeaseNode): void {
  if (tree === undefined) {
    lease.earlier = undefined;
    lease.later = undefined;
  } else if (isBefore(tree, lease)) {
    split(tree.later, lease);
    tree.later = lease.earlier;
    lease.earlier = counted(tree);
  } else {
    split(tree.earlier, lease);
    tree.earlier = lease.later;
    lease.later = counted(tree);
  }
}

/** Makes one tree of two, of which the one expires before the other. */
function joined(before: LeaseTree, after: LeaseTree): LeaseTree {
  if (before === undefined) return after;
  if (after === undefined) return before;
  if (before.priority > after.priority) {
    before.later = joined(before.later, after);
    return counted(before);
  }
  after.earlier = joined(before, after.earlier);
  return counted(after);
}

/** Leases that expire together are told apart by their ids. */
function isBefore(one: LeaseNode, other: LeaseNode): boolean {
  return one.expires === other.expires ? one.id < other.id : one.expires < other.expires;
}

function counted(lease: LeaseNode): LeaseNode {
  lease.total = lease.slots + (lease.earlier?.total ?? 0) + (lease.later?.total ?? 0);
  return lease;
}
