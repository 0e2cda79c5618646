/**
 * What became of a command whose caller has been answered with an error: it ran, and here is its
 * answer; it did not run and never will; or nobody can tell.
 */
export type Fate<Reply> =
  | { readonly ran: "yes"; readonly reply: Reply }
  | { readonly ran: "no" }
  | { readonly ran: "unknown" };
