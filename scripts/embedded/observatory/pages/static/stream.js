// The stream of snapshots: it comes back by itself, and it never keeps silent about being lost.
const QUIET_MS = 3500;
const AGAIN_MS = 1000;

export function follow(address, onSnapshot, onLost) {
  let heard = performance.now();
  let source;

  function open() {
    source = new EventSource(address);
    source.addEventListener("message", (event) => {
      heard = performance.now();
      onSnapshot(JSON.parse(event.data));
    });
    source.addEventListener("error", () => {
      onLost();
      // The browser comes back after a break, but not after a refusal (a server that is just starting, say).
      if (source.readyState === EventSource.CLOSED) setTimeout(open, AGAIN_MS);
    });
  }

  // A connection may also die without a word; then it is made anew.
  setInterval(() => {
    if (performance.now() - heard < QUIET_MS) return;
    onLost();
    if (source.readyState === EventSource.OPEN) {
      source.close();
      heard = performance.now();
      open();
    }
  }, 500);
  open();
}
