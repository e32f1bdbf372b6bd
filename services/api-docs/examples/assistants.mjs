const url = process.env.ASSISTANTS_URL;

/** Sends a request and reads the JSON of its answer. */
async function call(path, { body, token } = {}) {
  const answer = await fetch(url + path, {
    method: body ? 'POST' : 'GET',
    headers: {
      'Content-Type': 'application/json',
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return await answer.json();
}

const { ASSISTANTS_EMAIL: email, ASSISTANTS_PASSWORD: password } = process.env;
const { access_token: token } = await call('/api/users/auth/login', { body: { email, password } });

const { message } = await call('/api/ai/chat', { body: { message: 'How do I post a document from code?' }, token });
console.log(message);
for (const { name } of (await call('/api/1c/companies', { token })).items) console.log(name);
