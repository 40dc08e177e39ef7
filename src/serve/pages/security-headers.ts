// What browsers are told about the pages: nothing is loaded but from here, nothing inline runs, nobody may frame them. Names that users gave
// are text on them in any case; this is the second lock.

/** `blob:` is the preview of a picture that the user chose. */
const policy = [
  "default-src 'self'",
  "img-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join("; ");

export const securityHeaders = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;
