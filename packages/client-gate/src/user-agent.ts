/** One product of a `User-Agent`: `acme-sdk/2.4`. */
export interface Product {
  /** In lower case. */
  readonly name: string;
  readonly version: string | undefined;
}

/**
 * Nobody has as many. Each is held against every rule, before any limit has counted the request: without an end a
 * header full of them would cost a hundred milliseconds.
 */
const MOST_PRODUCTS = 64;
/** A run of what is neither white space nor the beginning of a comment. */
const WORD = /[^\s(]+/y;
/** RFC 9110, section 10.1.5: a token, and maybe a slash and another one. What stands behind them is left out. */
const PRODUCT = /^([!#$%&'*+.^_`|~0-9a-z-]+)(?:\/([!#$%&'*+.^_`|~0-9a-z-]+))?/i;

/**
 * Reads the products of a `User-Agent` (RFC 9110, section 10.1.5), and passes over comments, which may be nested.
 * Clients write much that is not of that grammar: it is passed over as well. In one pass, whatever is sent; of
 * more than 64 products the first ones.
 */
export function parseUserAgent(text: string): readonly Product[] {
  const products: Product[] = [];
  let index = 0;
  while (index < text.length && products.length < MOST_PRODUCTS) {
    if (text[index] === "(") {
      index = endOfComment(text, index);
      continue;
    }
    WORD.lastIndex = index;
    const word = WORD.exec(text)?.[0];
    if (word === undefined) {
      index += 1;
      continue;
    }
    const [, name, version] = PRODUCT.exec(word) ?? [];
    if (name !== undefined) products.push({ name: name.toLowerCase(), version });
    index += word.length;
  }
  return products;
}

/** Finds what follows a comment (RFC 9110, section 5.6.5); one without an end goes on to the end of all. */
function endOfComment(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (character === "\\") index += 1;
    else if (character === "(") depth += 1;
    else if (character === ")" && --depth === 0) return index + 1;
  }
  return text.length;
}
