// Values that tell who has read them when they change. A signal is a function: called without anything it gives its
// value and remembers the effect that runs; what an effect makes is undone before it runs again.

let running = null;
let owner = null;
let waiting = null;

export function signal(value) {
  const readers = new Set();
  const read = () => {
    if (running) {
      readers.add(running);
      running.sources.add(readers);
    }
    return value;
  };
  read.peek = () => value;
  read.set = (next) => {
    const changed = typeof next === "function" ? next(value) : next;
    if (Object.is(changed, value)) return;
    value = changed;
    batch(() => readers.forEach((reader) => waiting.add(reader)));
  };
  return read;
}

export function batch(work) {
  if (waiting) return work();
  waiting = new Set();
  try {
    return work();
  } finally {
    try {
      for (const node of waiting) {
        waiting.delete(node);
        node.run();
      }
    } finally {
      waiting = null;
    }
  }
}

class Owner {
  constructor(home) {
    this.undoing = [];
    home?.undoing.push(() => this.undo());
  }

  undo() {
    const all = this.undoing;
    this.undoing = [];
    for (const one of all.reverse()) one();
  }
}

class Effect extends Owner {
  constructor(work) {
    super(owner);
    this.work = work;
    this.sources = new Set();
    this.over = false;
    owner?.undoing.push(() => { this.over = true; });
    this.run();
  }

  run() {
    if (this.over) return;
    this.undo();
    const before = [running, owner];
    [running, owner] = [this, this];
    try {
      this.work();
    } finally {
      [running, owner] = before;
    }
  }

  undo() {
    for (const readers of this.sources) readers.delete(this);
    this.sources.clear();
    super.undo();
  }
}

export function effect(work) {
  const made = new Effect(work);
  return () => {
    made.over = true;
    made.undo();
  };
}

export function computed(work) {
  const kept = signal(undefined);
  effect(() => kept.set(work()));
  return kept;
}

export function untracked(work) {
  const before = running;
  running = null;
  try {
    return work();
  } finally {
    running = before;
  }
}

// Runs `work` by itself: what it makes lasts until the second of the result is called.
export function scope(work) {
  const mine = new Owner(null);
  const before = [running, owner];
  [running, owner] = [null, mine];
  try {
    return [work(), () => mine.undo()];
  } finally {
    [running, owner] = before;
  }
}

export function onUndo(work) {
  owner?.undoing.push(work);
}
