// The tokens are all that is kept, under these names. Two tabs share them, and with them the session: the
// game speaks to the one that came last. A page of yours keeps the second in a cookie that no script reads.
const TOKEN_KEY = 'mud-auth-demo-token';
const REMEMBER_KEY = 'mud-auth-demo-remember-token';
const MAX_LINES = 500;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8_000;
const ELSEWHERE = 4001;

const [status, log, login, command] = ['status', 'log', 'login', 'command'].map((id) => document.getElementById(id));

let socket = null;
let retryMs = FIRST_RETRY_MS;

login.addEventListener('submit', (event) => {
  event.preventDefault();
  const { username, password, remember } = Object.fromEntries(new FormData(login));
  const message = { type: 'login', username, password, remember: remember !== undefined };
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
comeBack();

// With the session, or, when that is over, with a new one if the page is remembered.
function comeBack() {
  if (token() !== null) connect({ type: 'resume', token: token() });
  else if (rememberToken() !== null) connect({ type: 'remember', token: rememberToken() });
}

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

  const key = message.type === 'remember' ? REMEMBER_KEY : TOKEN_KEY;
  if (message.token === null) localStorage.removeItem(key);
  else localStorage.setItem(key, message.token);
  retryMs = FIRST_RETRY_MS; // and not as soon as it is connected: the database may be away for longer
  showForm();
}

// A connection that drops is no log-out: with a token, the page comes back by itself.
function closed({ code }) {
  socket = null;
  showForm();
  if (code === ELSEWHERE) return showStatus('You play in another window. Reload this page to play here.');
  if (token() === null && rememberToken() === null) return showStatus('Not connected');

  showStatus('Connection lost; trying again…');
  setTimeout(comeBack, retryMs);
  retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
}

function token() {
  return localStorage.getItem(TOKEN_KEY);
}

function rememberToken() {
  return localStorage.getItem(REMEMBER_KEY);
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
