// By hand: each component's own list of styles brings the icon font along, from another host.
import 'vant/es/style/base.css';
import 'vant/es/popup/index.css';
import 'vant/es/loading/index.css';
import 'vant/es/button/index.css';
