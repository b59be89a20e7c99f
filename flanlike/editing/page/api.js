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

async function fetched(address, how) {
  try {
    return await fetch(address, how);
  } catch (error) {
    if (error.name === "AbortError") throw new Error("stopped", { cause: error });
    throw new Error("the server does not answer: was it ended in its terminal?", { cause: error });
  }
}

export async function start() {
  return answered(await fetched("/api/start"));
}

export async function call(name, values, signal = null) {
  const how = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(values),
    signal,
  };
  return answered(await fetched(`/api/${name}`, how));
}
