export default function nothing() {
  return { status: 'valid', code: 'OK' };
}
