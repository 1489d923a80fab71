package accounts

// builtinDomains are domains of which every account is the system's, in the languages of Windows.
var builtinDomains = map[Reason][]string{
	"nt_authority": {
		"NT AUTHORITY", "NT-AUTORITÄT", "NT-AUTORITAET", "AUTORITE NT", "AUTORITÉ NT", "AUTORIDAD NT", "AUTORIDADE NT",
		"AUTORITÀ NT", "NT INSTANS", "NT-INSTANS", "NT-MYNDIGHED", "NT-MYNDIGHET", "NT-HALLINTA", "NT-AUTORITEIT",
		"ZARZĄDZANIE NT", "URZĄD NT", "AUTORITA NT", "AUTORITATE NT", "NT YETKİLİSİ", "ΑΡΧΗ NT",
	},
	"window_manager": {
		"Window Manager", "Fenster-Manager", "Fenstermanager", "Gestionnaire de fenêtres", "Administrador de ventanas",
		"Gestione finestre", "Gerenciador de Janelas", "Gestor de Janelas", "Menedżer okien", "Vensterbeheer", "Vensterbeheerder",
		"Fönsterhanteraren", "Vindueshåndtering", "Vindusbehandling", "Ikkunanhallinta", "Správce oken", "Ablakkezelő", "Pencere Yöneticisi",
		"Диспетчер окон", "Manager ferestre", "ウィンドウ マネージャー", "窗口管理器", "視窗管理員", "창 관리자",
	},
	"font_driver": {
		"Font Driver Host", "Schriftartentreiberhost", "Hôte de pilotes de polices", "Host de controlador de fuentes",
		"Host driver tipo di carattere", "Host de Driver de Fonte", "Хост драйверов шрифтов",
	},
	"nt_service": {
		"NT SERVICE", "NT-DIENST", "SERVICE NT", "SERVICIO NT", "SERVIZIO NT", "SERVIÇO NT", "NT-TJÄNST", "USŁUGA NT", "Restricted Services",
	},
	"iis":             {"IIS APPPOOL"},
	"virtual_machine": {"NT VIRTUAL MACHINE", "VIRTUELLE NT-MASCHINE", "MACHINE VIRTUELLE NT"},
	"container":       {"User Manager"},
	"virtual_user":    {"Virtual Users"},
}

// windowsNames are names of accounts whose SID is no domain's or machine's own: an account of that name with a
// domain's SID is another one.
var windowsNames = map[Reason][]string{
	"system": {
		"local system", "localsystem", "système", "sistema", "система", "järjestelmä", "systeem", "rendszer", "lokales system", "システム", "시스템",
	},
	"local_service": {
		"lokaler dienst", "service local", "servicio local", "servizio locale", "serviço local", "lokale service", "lokal tjänst",
		"lokal tjeneste", "paikallinen palvelu", "usługa lokalna", "místní služba", "miestna služba", "helyi szolgáltatás", "yerel hizmet",
		"локальная служба", "τοπική υπηρεσία", "serviciu local", "ローカル サービス", "本地服务",
	},
	"network_service": {
		"netzwerkdienst", "service réseau", "servicio de red", "servizio di rete", "serviço de rede", "netwerkservice", "nätverkstjänst",
		"netværkstjeneste", "nettverkstjeneste", "verkkopalvelu", "usługa sieciowa", "síťová služba", "sieťová služba", "hálózati szolgáltatás",
		"ağ hizmeti", "сетевая служба", "υπηρεσία δικτύου", "serviciu de rețea", "ネットワーク サービス", "网络服务",
	},
	"anonymous": {
		"anonymous-anmeldung", "anonyme anmeldung", "ouverture de session anonyme", "inicio de sesión anónimo", "accesso anonimo",
		"logon anônimo", "início de sessão anónimo", "anoniem aanmelden", "anonieme aanmelding", "anonym inloggning", "anonymt logon",
		"anonym pålogging", "anonyymi kirjautuminen", "logowanie anonimowe", "anonymní přihlášení", "névtelen bejelentkezés", "anonim oturum açma",
		"анонимный вход",
	},
	"iis":        {"iusr"},
	"nt_service": {"trustedinstaller"},
}

// guestNames are what Windows calls its guest in other languages. They are people's names elsewhere, so they count
// only for accounts of the device itself.
var guestNames = []string{
	"gast", "invité", "invitado", "convidado", "ospite", "gäst", "gæst", "gjest", "vieras", "gość", "vendég", "konuk", "гость", "επισκέπτης", "oaspete", "来宾", "ゲスト",
}

// daemonNames stand for daemons on Linux and macOS. Elsewhere people have these initials and names.
var daemonNames = []string{
	"daemon", "nobody", "mdatp", "bin", "sys", "adm", "lp", "mail", "www-data", "apache", "nginx", "postgres", "mysql", "sshd",
	"messagebus", "polkitd", "chrony", "dbus", "syslog", "gdm", "uucp", "avahi", "colord", "rtkit", "dnsmasq", "tcpdump", "uuidd",
	"rpc", "rpcuser", "postfix", "nfsnobody", "omsagent", "nscd", "sssd", "haproxy", "haldaemon", "libvirt-qemu", "rabbitmq",
	"elasticsearch", "zabbix", "tomcat", "jenkins", "prometheus", "grafana", "memcached", "ntp", "redis", "named", "squid", "ftp",
	"cups-pk-helper", "lightdm", "sddm", "usbmux", "whoopsie", "kernoops", "saned", "pulse", "geoclue", "gnome-initial-setup",
	"landscape", "lxd", "pollinate", "fwupd-refresh", "tss", "debian-tor", "mongodb", "mongod", "kafka", "zookeeper", "cassandra", "ceph",
	"etcd", "containerd", "dockremap", "gitlab-runner", "git", "news", "proxy", "backup", "irc", "gnats", "man", "games", "halt", "shutdown", "operator", "sync",
}
