import { FINGERPRINTS } from "./fingerprints.ts";
import type { HeaderOptions } from "./options.ts";
import type { PermissionsPolicy } from "./permissions-policy.ts";

/** What the answers are: data for programs, or documents for browsers. */
export type Profile = "api" | "page";

/** The list of the OWASP Secure Headers Project, as of July 2026. */
const EVERY_FEATURE: PermissionsPolicy = {
  accelerometer: [],
  autoplay: [],
  camera: [],
  "cross-origin-isolated": [],
  "display-capture": [],
  "encrypted-media": [],
  fullscreen: [],
  geolocation: [],
  gyroscope: [],
  "keyboard-map": [],
  magnetometer: [],
  microphone: [],
  midi: [],
  payment: [],
  "picture-in-picture": [],
  "publickey-credentials-get": [],
  "screen-wake-lock": [],
  "sync-xhr": ["self"],
  usb: [],
  "web-share": [],
  "xr-spatial-tracking": [],
  "clipboard-read": [],
  "clipboard-write": [],
  gamepad: [],
  hid: [],
  "idle-detection": [],
  "interest-cohort": [],
  serial: [],
  unload: [],
};

/** What spies, pays or reaches devices. Data has no document to use any of it: the list is kept short. */
const POWERFUL_FEATURES: PermissionsPolicy = {
  camera: [],
  "display-capture": [],
  geolocation: [],
  microphone: [],
  payment: [],
  usb: [],
};

const COMMON = {
  contentSecurityPolicyReportOnly: false,
  crossOriginEmbedderPolicy: "require-corp",
  crossOriginOpenerPolicy: "same-origin",
  crossOriginResourcePolicy: "same-origin",
  reportingEndpoints: false,
  clearSiteData: false,
  referrerPolicy: "no-referrer",
  strictTransportSecurity: {},
  xContentTypeOptions: "nosniff",
  xDnsPrefetchControl: "off",
  xFrameOptions: "DENY",
  xPermittedCrossDomainPolicies: "none",
  // Any other value turns on a filter of old browsers that could itself be attacked.
  xXssProtection: "0",
  cacheControl: "no-store",
  credentialHeaders: ["authorization", "cookie", "x-api-key"],
  strip: FINGERPRINTS,
} as const satisfies HeaderOptions;

/** What is sent unless options say otherwise. */
export const PROFILES: Readonly<Record<Profile, Required<HeaderOptions>>> = {
  api: {
    ...COMMON,
    // The last three do not fall back to the first: what is injected into data that somebody shows as a page
    // could send its forms, and lead its links, anywhere.
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    originAgentCluster: false,
    permissionsPolicy: POWERFUL_FEATURES,
  },
  page: {
    ...COMMON,
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      baseUri: ["'none'"],
      connectSrc: ["'self'"],
      fontSrc: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      imgSrc: ["'self'", "data:"],
      manifestSrc: ["'self'"],
      mediaSrc: ["'self'"],
      objectSrc: ["'none'"],
      scriptSrc: ["'self'", "'nonce'"],
      styleSrc: ["'self'", "'nonce'"],
      workerSrc: ["'self'"],
      upgradeInsecureRequests: true,
    },
    originAgentCluster: "?1",
    permissionsPolicy: EVERY_FEATURE,
  },
};
