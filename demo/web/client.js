// The token is all that is kept, under this name. Two tabs share it, and with it the session: the game
// speaks to the one that came last.
const TOKEN_KEY = 'mud-auth-demo-token';
const MAX_LINES = 500;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8_000;
const ELSEWHERE = 4001;

const [status, log, login, command] = ['status', 'log', 'login', 'command'].map((id) => document.getElementById(id));

let socket = null;
let retryMs = FIRST_RETRY_MS;

login.addEventListener('submit', (event) => {
  event.preventDefault();
  const { username, password } = Object.fromEntries(new FormData(login));
  const message = { type: 'login', username, password };
  if (socket === null) connect(message);
  else send(message);
  login.elements.password.value = '';
});

command.addEventListener('submit', (event) => {
  event.preventDefault();
  const { line } = command.elements;
  if (!send({ type: 'line', text: line.value })) return;

  print(`> ${line.value}`, 'mine');
  line.value = '';
});

showForm();
if (token() !== null) connect({ type: 'resume', token: token() });

// Whether it could be sent. What cannot be sent yet stays in its field.
function send(message) {
  if (socket?.readyState !== WebSocket.OPEN) return false;

  socket.send(JSON.stringify(message));
  return true;
}

// The first message says who is there. It is sent inside the connection, not in its address.
function connect(first) {
  showStatus('Connecting…');
  socket = new WebSocket(`ws://${location.host}/`);
  socket.addEventListener('open', () => {
    showStatus('Connected');
    send(first);
  });
  socket.addEventListener('message', (event) => receive(JSON.parse(event.data)));
  socket.addEventListener('close', closed);
}

function receive(message) {
  if (message.type === 'print') return print(message.text);

  if (message.token === null) localStorage.removeItem(TOKEN_KEY);
  else localStorage.setItem(TOKEN_KEY, message.token);
  retryMs = FIRST_RETRY_MS; // and not as soon as it is connected: the database may be away for longer
  showForm();
}

// A connection that drops is no log-out: with a token, the page comes back by itself.
function closed({ code }) {
  socket = null;
  showForm();
  if (code === ELSEWHERE) return showStatus('You play in another window. Reload this page to play here.');
  if (token() === null) return showStatus('Not connected');

  showStatus('Connection lost; trying again…');
  setTimeout(() => connect({ type: 'resume', token: token() }), retryMs);
  retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
}

function token() {
  return localStorage.getItem(TOKEN_KEY);
}

function showForm() {
  const isLoggedIn = token() !== null;
  if (command.hidden === !isLoggedIn && login.hidden === isLoggedIn) return;

  command.hidden = !isLoggedIn;
  login.hidden = isLoggedIn;
  (isLoggedIn ? command : login).querySelector('input').focus();
}

function showStatus(text) {
  status.textContent = text;
}

function print(text, kind = '') {
  const line = document.createElement('p');
  line.textContent = text;
  line.className = kind;
  log.append(line);
  if (log.childElementCount > MAX_LINES) log.firstElementChild.remove();
  log.scrollTop = log.scrollHeight;
}
