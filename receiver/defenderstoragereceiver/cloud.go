package defenderstoragereceiver

import "strings"

// cloud is one of Microsoft's.
type cloud struct {
	suffix string // of its storage accounts
	login  string
}

// scope is the service that tokens are for, in all clouds.
const scope = "https://storage.azure.com"

var clouds = []cloud{
	{".core.windows.net", "https://login.microsoftonline.com"},
	{".core.usgovcloudapi.net", "https://login.microsoftonline.us"},
	{".core.chinacloudapi.cn", "https://login.chinacloudapi.cn"},
}

// cloudOf is that of an account; the global one if the host does not tell.
func cloudOf(host string) cloud {
	for _, c := range clouds {
		if strings.HasSuffix(strings.ToLower(host), c.suffix) {
			return c
		}
	}
	return clouds[0]
}
