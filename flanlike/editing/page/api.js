// What the server is asked. A mistake comes back as one line, and is thrown as such.

async function answered(response) {
  let said;
  try {
    said = await response.json();
  } catch {
    throw new Error(`the server says ${response.status}, and no more`);
  }
  if (response.ok) return said;
  const error = new Error(said.error);
  error.isChanged = response.status === 409;
  throw error;
}

function broken(error) {
  const isStopped = error.name === "AbortError";
  const told = isStopped ? "stopped" : "the server does not answer: was it ended in its terminal?";
  return Object.assign(new Error(told, { cause: error }), { isStopped });
}

async function fetched(address, how) {
  try {
    return await fetch(address, how);
  } catch (error) {
    throw broken(error);
  }
}

function posted(name, values, signal = null) {
  return fetched(`/api/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(values),
    signal,
  });
}

export async function start() {
  return answered(await fetched("/api/start"));
}

export async function call(name, values) {
  return answered(await posted(name, values));
}

// Gives tell(kind, said) each line of an answer when it comes, and returns what is "done" at last.
export async function follow(name, values, signal, tell) {
  const response = await posted(name, values, signal);
  if (!response.ok) return answered(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    let got;
    try {
      got = await reader.read();
    } catch (error) {
      throw broken(error);
    }
    if (got.done) throw new Error("the answer ends before it is whole: was the server ended?");
    const lines = (rest + got.value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const [[kind, said]] = Object.entries(JSON.parse(line));
      if (kind === "done") return said;
      if (kind === "error") throw new Error(said);
      tell(kind, said);
    }
  }
}
