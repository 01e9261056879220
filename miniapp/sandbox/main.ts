import '#miniapp/tokens.css';
import '#miniapp/ui/base.css';

const frame = document.createElement('iframe');
frame.src = '/sidebar.html';
frame.title = '侧边栏';
document.getElementById('app')?.append(frame);
