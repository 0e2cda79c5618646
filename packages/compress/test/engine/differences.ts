/*
 * The tests of @fastify/compress 9.2 that the layer fails on purpose, by the reason. Whoever depends on one of these
 * keeps the engine.
 */

interface Difference {
  readonly why: string;
  readonly tests: readonly string[];
}

export const DIFFERENCES: readonly Difference[] = [
  {
    why: "The star stands for the coding that is preferred here, zstd or br, as for a client that names them all.",
    tests: [
      "global-compress > It should fallback to the default `gzip` encoding compression : > when `Accept-Encoding` request header value is set to `*`",
      "global-compress > It should fallback to the default `gzip` encoding compression : > when `Accept-Encoding` request header value is set to multiple `*` directives",
    ],
  },
  {
    why: "Another zlib cannot be brought along: bounds, flushes and levels are about the one that Node has.",
    tests: [
      "global-compress > When a custom `zlib` option is provided, it should compress data :` > using the custom `createBrotliCompress()` method",
      "global-compress > When a custom `zlib` option is provided, it should compress data :` > using the custom `createDeflate()` method",
      "global-compress > When a custom `zlib` option is provided, it should compress data :` > using the custom `createGzip()` method",
      "global-compress > When a malformed custom `zlib` option is provided, it should compress data : > using the fallback default Node.js core `zlib.createBrotliCompress()` method",
      "global-compress > When a malformed custom `zlib` option is provided, it should compress data : > using the fallback default Node.js core `zlib.createDeflate()` method",
      "global-compress > When a malformed custom `zlib` option is provided, it should compress data : > using the fallback default Node.js core `zlib.createGzip()` method",
      "routes-compress > When using routes `compress` settings : > it should compress data using the route custom provided `createDeflate` method",
      "routes-decompress > When using routes `decompress` settings : > it should decompress data using the route custom provided `createInflate` method",
      "routes-decompress > When using routes `decompress` settings : > it should decompress data using the route custom provided `createGunzip` method",
      "routes-decompress > When using routes `decompress` settings : > it should not decompress data when route `decompress` option is set to `false`",
      "sync-compress > It should fall back to the stream pipeline when the payload is not eligible : > when a custom `zlib` provides no synchronous method",
      "sync-compress > When `syncThreshold` is `0`, every encoding should keep using the stream pipeline : > using br with a custom `zlib`",
      "sync-compress > When `syncThreshold` is `0`, every encoding should keep using the stream pipeline : > using gzip with a custom `zlib`",
      "sync-compress > When `syncThreshold` is `0`, every encoding should keep using the stream pipeline : > using deflate with a custom `zlib`",
      "sync-compress > It should use a synchronous method provided by a custom `zlib` : > using `gzipSync`",
      "sync-compress > It should handle synchronous compression errors : > using `onSend` hook",
    ],
  },
  {
    why: "What was encoded before says so in its Content-Encoding, or is not text. Undoing it for clients that want none is a proxy's work.",
    tests: [
      "global-compress > When `inflateIfDeflated` is `true` and `X-No-Compression` request header is `true` : > it should uncompress payloads using the deflate algorithm",
      "global-compress > When `inflateIfDeflated` is `true` and `X-No-Compression` request header is `true` : > it should uncompress payloads using the gzip algorithm",
      "global-compress > it should not uncompress payloads using the zip algorithm",
      "global-compress > It should not compress : > Using `reply.compress()` : > when `Accept-Encoding` request header is set to `identity and `inflateIfDeflated` is `true``",
      "global-compress > It should not compress : > Using `onSend` hook : > when `Accept-Encoding` request header is set to `identity and `inflateIfDeflated` is `true``",
      "global-compress > It should not compress Stream data and add a `Content-Encoding` reply header : > Using `onSend` hook if `Accept-Encoding` request header value is `identity` > when `inflateIfDeflated` is `true` and `encodings` is not set",
      "global-compress > It should not compress Stream data and add a `Content-Encoding` reply header : > Using `onSend` hook if `Accept-Encoding` request header value is `identity` > when `inflateIfDeflated` is `true` and `encodings` is set",
      "global-compress > It should not compress Stream data and add a `Content-Encoding` reply header : > Using `reply.compress()` if `Accept-Encoding` request header value is `identity` > when `inflateIfDeflated` is `true` and `encodings` is not set",
      "global-compress > It should not compress Stream data and add a `Content-Encoding` reply header : > Using `reply.compress()` if `Accept-Encoding` request header value is `identity` > when `inflateIfDeflated` is `true` and `encodings` is set",
      "global-compress > It should return a serialized payload when `inflateIfDeflated` is `true` and `X-No-Compression` request header is `true`",
      "global-compress > It should remove `Content-Length` header : > using `reply.compress()` on a Stream when `inflateIfDeflated` is `true` and `X-No-Compression` request header is `true`",
      "global-compress > It should remove `Content-Length` header : > using `onSend` hook on a Stream When `inflateIfDeflated` is `true` and `X-No-Compression` request header is `true`",
      "global-compress > It should uncompress data when `Accept-Encoding` request header is missing : > using the fallback Node.js `zlib.createInflate()` method",
      "global-compress > It should uncompress data when `Accept-Encoding` request header is missing : > using the fallback Node.js `zlib.createGunzip()` method",
      "global-compress > It should uncompress data when `Accept-Encoding` request header is missing : > when the data is a deflated Buffer",
      "global-compress > It should uncompress data when `Accept-Encoding` request header is missing : > when the data is a gzipped Buffer",
      "global-compress > It should uncompress data when `Accept-Encoding` request header is missing : > when the data is a deflated Stream",
      "global-compress > It should uncompress data when `Accept-Encoding` request header is missing : > when the data is a gzipped Stream",
      "global-compress > It should uncompress data when `Accept-Encoding` request header is missing : > when the data has been compressed multiple times",
    ],
  },
  {
    why: "Types are listed, not matched by a function of each request, which could not be checked at boot.",
    tests: [
      "global-compress > It should not compress : > Using `reply.compress()` : > when `customTypes` is set and does not match `Content-Type` reply header or `mime-db`",
      "global-compress > It should not compress : > Using `reply.compress()` : > when `customTypes` is a function and returns false on the provided `Content-Type` reply header`",
      "global-compress > It should not compress : > Using `onSend` hook : > when `customTypes` is set and does not match `Content-Type` reply header or `mime-db`",
      "global-compress > It should compress data if `customTypes` is set and matches `Content-Type` reply header value",
      "global-compress > It should compress data if `customTypes` is a function and returns true on the provided `Content-Type` reply header value",
      "global-compress > It should not apply `customTypes` option if the passed value is not a RegExp or Function",
    ],
  },
  {
    why: "X-No-Compression is no standard field; Accept-Encoding: identity says the same.",
    tests: [
      "global-compress > It should not compress : > Using `reply.compress()` : > when `X-No-Compression` request header is `true`",
      "global-compress > It should not compress : > Using `onSend` hook : > when `X-No-Compression` request header is `true`",
    ],
  },
  {
    why: "A response that would have been encoded for somebody else says so: Vary is on every variant.",
    tests: [
      "global-compress > It should not compress : > Using `reply.compress()` : > when `Content-Type` reply header is not set and the content is not detected as a compressible type",
      "global-compress > It should not compress : > Using `reply.compress()` : > when `Accept-Encoding` request header is missing",
      "global-compress > It should not compress : > Using `reply.compress()` : > when `Accept-Encoding` request header is set to `identity`",
      "global-compress > It should not compress : > Using `reply.compress()` : > when `Accept-Encoding` request header value is not supported",
      "global-compress > It should not compress : > Using `reply.compress()` : > when `Accept-Encoding` request header value is not supported (with quality value)",
      "global-compress > It should not compress : > Using `onSend` hook : > when `Content-Type` reply header is not set and the content is not detected as a compressible type",
      "global-compress > It should not compress : > Using `onSend` hook : > when `Accept-Encoding` request header is missing",
      "global-compress > It should not compress : > Using `onSend` hook : > when `Accept-Encoding` request header is set to `identity`",
      "global-compress > It should not compress : > Using `onSend` hook : > when `Accept-Encoding` request header value is not supported (with quality value)",
    ],
  },
  {
    why: 'Bytes are not looked at to guess whether they are packed already: the engine takes text such as "80,90" for packed, and sends it bare under the name of a coding.',
    tests: [
      "global-compress > It should not double-compress : > when using `reply.compress()` to send an already deflated Stream",
      "global-compress > It should not double-compress : > when using `reply.compress()` to send an already gzipped Stream",
      "global-compress > `Accept-Encoding` request header values : > should support quality syntax",
      "sync-compress > It should pass already compressed payloads through untouched : > when the payload is already gzipped",
      "sync-compress > It should pass already compressed payloads through untouched : > when the payload is already deflated",
    ],
  },
  {
    why: "A body that is too large for the event loop is encoded on a thread in one piece, not through a stream: its length is known all the same.",
    tests: [
      "global-compress > It should remove `Content-Length` header : > using `reply.compress()`",
      "global-compress > It should remove `Content-Length` header : > using `onSend` hook",
      "sync-compress > An explicit `syncThreshold` should always win over the computed default : > a value below the computed default should push a payload onto the stream pipeline",
      "sync-compress > An explicit `syncThreshold` should always win over the computed default : > the computed default should stream a payload above the highest value it can produce",
      "sync-compress > It should fall back to the stream pipeline when the payload is not eligible : > when the payload is bigger than `syncThreshold`",
      "sync-compress > It should fall back to the stream pipeline when the payload is not eligible : > when `syncThreshold` is `0`",
    ],
  },
  {
    why: "Content-Length is always that of what is sent.",
    tests: [
      "global-compress > When `removeContentLengthHeader` is `false`, it should not remove `Content-Length` header : > using `reply.compress()`",
      "global-compress > When `removeContentLengthHeader` is `false`, it should not remove `Content-Length` header : > using `onSend` hook",
      "routes-compress > When `compress.removeContentLengthHeader` is `false`, it should not remove `Content-Length` header : > using `reply.compress()`",
      "routes-compress > When `compress.removeContentLengthHeader` is `false`, it should not remove `Content-Length` header : > using `onSend` hook",
      "sync-compress > It should fall back to the stream pipeline when the payload is not eligible : > when `removeContentLengthHeader` is `false` and the reply already carries a `Content-Length`",
    ],
  },
  {
    why: "The test gives null for hooks, which Fastify refuses; the engine happens to overwrite it first.",
    tests: [
      "global-compress > It should add hooks correctly:  > `onRequest` hooks",
      "global-compress > It should add hooks correctly:  > `onSend` hooks",
      "global-compress > It should add hooks correctly:  > `preParsing` hooks",
    ],
  },
  {
    why: "What cannot be sent in a coding that is accepted is answered with 406, before the handler has run.",
    tests: [
      "global-compress > When `Accept-Encoding` request header values are not supported and `onUnsupportedEncoding` is defined : > it should call the defined `onUnsupportedEncoding()` method",
      "global-compress > When `Accept-Encoding` request header values are not supported and `onUnsupportedEncoding` is defined : > it should call the defined `onUnsupportedEncoding()` method and throw an error",
      "global-compress > When `onUnsupportedEncoding` is set and the `Accept-Encoding` request header value is an unsupported encoding > it should call the defined `onUnsupportedEncoding()` method",
      "global-compress > When `onUnsupportedEncoding` is set and the `Accept-Encoding` request header value is an unsupported encoding > it should call the defined `onUnsupportedEncoding()` method and throw an error",
    ],
  },
  {
    why: "A stream of no told type is left alone; the engine takes it for JSON.",
    tests: [
      "global-compress > When `encodings` option is set, it should only use the registered value",
    ],
  },
  {
    why: "The default levels are lower, and other parameters of zlib cannot be given.",
    tests: [
      "global-compress > It should send data compressed according to `brotliOptions` : > when using br encoding",
      "global-compress > It should send data compressed according to `brotliOptions` : > default BROTLI_PARAM_QUALITY to be 4",
      "global-compress > It should send data compressed according to `zlibOptions` : > when using deflate encoding",
      "sync-compress > When a buffered payload fits within `syncThreshold`, it should be compressed synchronously : > it should honour `brotliOptions`",
    ],
  },
  {
    why: "There is no mode in which nothing is encoded but what asks for it: register the layer in the scope whose responses are to be, or say config.compress: false.",
    tests: [
      "global-compress > It should send data compressed according to `brotliOptions` : > default BROTLI_PARAM_QUALITY to be 4 when `global` is `false`",
      "global-compress > It should send data compressed according to `brotliOptions` : > user supplied `brotliOptions` still take precedence when `global` is `false`",
      "global-compress > It should support separate globalCompression and globalDecompression settings",
      "global-compress > It should enable decompression when globalDecompression is true",
      "global-compress > It should fall back to global option when specific options are not provided",
      "global-compress > It should demonstrate globalCompression overrides global setting",
      "global-compress > It should demonstrate globalDecompression controls decompression independently",
      "routes-compress > When using routes `compress` settings : > it should compress data using the route custom provided `createGzip` method",
      "routes-compress > When using routes `compress` settings : > it should not compress data when `global` is `false` unless `compress` routes settings have been set up",
      "routes-compress > When using routes `compress` settings : > it should not compress data when route `compress` option is set to `false`",
      "routes-compress > When using routes `compress` settings : > it should throw an error on invalid route `compress` settings",
      "routes-decompress > When using routes `decompress` settings : > it should throw an error on invalid route `decompress` settings",
      "sync-compress > When a buffered payload fits within `syncThreshold`, it should be compressed synchronously : > using `reply.compress()`",
      "sync-compress > When a buffered payload fits within `syncThreshold`, it should be compressed synchronously : > using a route level `compress` configuration",
      "sync-compress > It should fall back to the stream pipeline when the payload is not eligible : > when `syncThreshold` is `0` using `reply.compress()`",
      "sync-compress > It should fall back to the stream pipeline when the payload is not eligible : > when a custom `zlib` provides no synchronous method using `reply.compress()`",
      "sync-compress > It should pass already compressed payloads through untouched : > when the payload is already gzipped using `reply.compress()`",
      "sync-compress > It should handle synchronous compression errors : > using `reply.compress()`",
      'issue-382 > should not log "premature close" errors on client disconnect (reply.compress path)',
      'issue-410 > should not log native pipeline "Premature close" (ERR_STREAM_PREMATURE_CLOSE) on client disconnect (reply.compress path)',
    ],
  },
  {
    why: "Options that are not valid refuse to boot with a code of ours.",
    tests: ["global-compress > It should error : > when `encodings` array is empty"],
  },
  {
    why: "octet-stream is no media type.",
    tests: [
      "global-compress > It should compress data if content-type is supported by default, octet-stream",
    ],
  },
  {
    why: "A body is in the coding that its header names.",
    tests: [
      "global-decompress > It should decompress the request payload : > using the `forceRequestEncoding` provided algorithm over the `Content-Encoding` request header value",
    ],
  },
  {
    why: "The codes and messages of errors are ours.",
    tests: [
      "global-decompress > It should return an error : > when `Content-Encoding` request header value is not supported",
      "global-decompress > It should return an error : > when `Content-Encoding` request header value is disabled by the `requestEncodings` option",
      "global-decompress > It should return an error : > when the compressed payload is invalid according to `Content-Encoding` request header value",
    ],
  },
  {
    why: "Bodies in a coding that is not taken, or that do not decode, have one answer each, which an error handler can change.",
    tests: [
      "global-decompress > It should return the error returned by : > `onUnsupportedRequestEncoding`",
      "global-decompress > It should return the error returned by : > `onInvalidRequestPayload`",
      "global-decompress > It should return the default error : > when `onUnsupportedRequestEncoding` throws",
      "global-decompress > It should return the default error : > when `onInvalidRequestPayload` throws",
    ],
  },
];

/**
 * Passes now and then: it compares the bytes of a stream with those of the same text encoded in one piece, and whether
 * there is a flush in the stream depends on what comes first, the end of the file or the event loop.
 */
export const UNSETTLED =
  "global-compress > It should send data compressed according to `zlibOptions` : > when using gzip encoding";
