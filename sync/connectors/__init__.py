"""One folder a platform; each is used only through `contract.Connector`."""
