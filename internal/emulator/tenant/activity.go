package tenant

// activity is what an event row tells beside when and where.
type activity struct {
	action     string
	initiating process
	account    *account // the Account* columns; nil: the row names none
	created    process  // the process that was started
	file       file
	remote     remote
	logon      logon
	request    request
	registry   registryValue
	additional string   // AdditionalFields, a template
	told       []string // the scene's own fields, where columns are no more than that
}

// process is a running program; a nil program: the row names none.
type process struct {
	program *program
	account *account
	command string // template; empty: the program's usual one
}

// file is the file of a row.
type file struct {
	name, folder         string // templates
	oldName, oldFolder   string
	origin, referrer, ip string
}

// request is how a change to a file was asked for.
type request struct {
	protocol, share string
	account         *account
	from            *device
}

// remote is the other end of a connection.
type remote struct {
	ip, url, device string
	port, localPort int32
	protocol        string
}

// logon is what DeviceLogonEvents tells beside the account.
type logon struct {
	typ, failure string
}

// registryValue is a value in the registry; texts are templates.
type registryValue struct{ key, typ, name, data, oldData string }
