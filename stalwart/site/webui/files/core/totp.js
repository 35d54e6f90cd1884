// Secrets and codes of one-time passwords (RFC 6238, RFC 4226); made and checked in the page.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export function base32(bytes) {
  let bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  bits = bits.padEnd(Math.ceil(bits.length / 5) * 5, "0");
  return bits.match(/.{5}/g).map((five) => ALPHABET[parseInt(five, 2)]).join("");
}

export const newSecret = () => base32(crypto.getRandomValues(new Uint8Array(20)));

export function otpUrl(secret, issuer, account) {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=6&period=30`;
}
